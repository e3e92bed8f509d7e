-- The leader takes the rows of a lost worker from it. Those of sources that begin again can be dealt to others at once; of
-- others nobody knows which ones were used.
-- KEYS    1 fence of the run, 2 rows, 3 rows-held
-- ARGV    1 own fencing number, 2 worker, then the sources that begin again
-- RETURNS how many ranges it held, -1 when fenced off
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return -1
end
local again = {}
for at = 3, #ARGV do
  again[ARGV[at]] = true
end
local freed, held = 0, redis.call('HGETALL', KEYS[3])
for at = 1, #held, 2 do
  local high, worker = string.match(held[at + 1], '^(%d+) %d+ (.*)$')
  if worker == ARGV[2] then
    local low, source = string.match(held[at], '^(%d+) (.*)$')
    freed = freed + 1
    redis.call('HDEL', KEYS[3], held[at])
    if again[source] then
      local tail = redis.call('HINCRBY', KEYS[2], 'tail ' .. source, 1) - 1
      redis.call('HSET', KEYS[2], 'range ' .. tail .. ' ' .. source, low .. ' ' .. high)
      redis.call('HINCRBY', KEYS[2], 'back ' .. source, tonumber(high) - tonumber(low))
    end
  end
end
redis.call('HSET', KEYS[2], 'gone ' .. ARGV[2], '1')
return freed
