-- A worker is gone: it said so itself, its supervisor saw it die, or its lease ran out. That it left is remembered for an
-- hour: whoever is not on the list and never left was forgotten by Redis.
-- KEYS    1 workers, 2 worker-info, 3 members, 4 left
-- ARGV    1 worker, 2 leave only if its lease ended before this instant in µs ('' = in any case)
-- RETURNS 1 when it was known and is gone, 0 otherwise
if ARGV[2] ~= '' then
  local till = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not till or tonumber(till) >= tonumber(ARGV[2]) then
    return 0
  end
end
local time = redis.call('TIME')
local now = tonumber(time[1])
redis.call('ZADD', KEYS[4], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - 3600)
redis.call('EXPIRE', KEYS[4], 7200)
redis.call('HDEL', KEYS[2], ARGV[1])
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
  redis.call('INCR', KEYS[3])
  return 1
end
return 0
