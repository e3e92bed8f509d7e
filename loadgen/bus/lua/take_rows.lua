-- A worker takes a range of a source's rows: the next ones that nobody had, else some that came back. The fewer are left
-- the shorter it is, so that all workers get some. Unique rows are the worker's until it gives them back or is lost.
-- KEYS    1 rows, 2 rows-held
-- ARGV    1 source, 2 worker, 3 number of the source's rows, 4 1 when they are unique, 5 1 when shared ones begin again
-- RETURNS {1, first row, one behind the last, token of the range}, {0} when none is left, {-1} when the worker's rows were
--         taken from it, {-2} when Redis does not know (any more) who holds what, {-3} when others count other rows
local source, worker, total = ARGV[1], ARGV[2], tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[1], 'open', 'gone ' .. worker, 'total ' .. source, 'next ' .. source,
  'back ' .. source, 'head ' .. source, 'tail ' .. source)
if not known[1] then
  return {-2}
elseif known[2] then
  return {-1}
elseif not known[3] then
  redis.call('HSET', KEYS[1], 'total ' .. source, total)
elseif tonumber(known[3]) ~= total then
  return {-3}
end
local next, back = tonumber(known[4] or '0'), tonumber(known[5] or '0')
local head, tail = tonumber(known[6] or '0'), tonumber(known[7] or '0')
local size = math.max(1, math.min(1000, math.floor((total - next + back) / 1024)))
if ARGV[5] == '1' and next >= total then
  next = 0
end
local first, behind
if next < total then
  first, behind = next, math.min(total, next + size)
  redis.call('HSET', KEYS[1], 'next ' .. source, behind)
elseif head < tail then
  local place = 'range ' .. head .. ' ' .. source
  local low, high = string.match(redis.call('HGET', KEYS[1], place), '^(%d+) (%d+)$')
  first, behind = tonumber(low), math.min(tonumber(high), tonumber(low) + size)
  if behind < tonumber(high) then
    redis.call('HSET', KEYS[1], place, behind .. ' ' .. high)
  else
    redis.call('HDEL', KEYS[1], place)
    redis.call('HINCRBY', KEYS[1], 'head ' .. source, 1)
  end
  redis.call('HINCRBY', KEYS[1], 'back ' .. source, first - behind)
else
  return {0}
end
local token = redis.call('HINCRBY', KEYS[1], 'token', 1)
if ARGV[4] == '1' then
  redis.call('HSET', KEYS[2], first .. ' ' .. source, behind .. ' ' .. token .. ' ' .. worker)
  redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
end
return {1, first, behind, token}
