-- A worker renews its lease, and says who it is when that changed. One that serves a run is told, as often as it asks, if
-- it was taken off the list: others have its share then.
-- KEYS    1 workers, 2 worker-info, 3 members, 4 leader, 5 left
-- ARGV    1 worker, 2 lease in ms, 3 WorkerInfo as JSON, 4 1 when it serves a run
-- RETURNS {1 when a coordinator leads, 1 when the worker was not on the list (any more), 1 when it was taken off it}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local till = now + tonumber(ARGV[2]) * 1000
local joined = redis.call('ZADD', KEYS[1], till, ARGV[1])
local left = 0
if ARGV[4] ~= '1' then
  redis.call('ZREM', KEYS[5], ARGV[1])
elseif redis.call('ZSCORE', KEYS[5], ARGV[1]) then
  left = 1
end
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[3] then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
  redis.call('INCR', KEYS[3])
end
return {redis.call('EXISTS', KEYS[4]), joined, left}
