-- A worker gives ranges of rows back. What it does not hold (any more) is passed over: others may have it by now.
-- KEYS    1 rows, 2 rows-held
-- ARGV    1 worker, then fives (source, first row of the range, its token, first row that may be dealt again, one behind
--         the last)
-- RETURNS how many ranges were given back
local given = 0
for at = 2, #ARGV, 5 do
  local source, from, to = ARGV[at], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local field = ARGV[at + 1] .. ' ' .. source
  local held = redis.call('HGET', KEYS[2], field)
  if held and string.match(held, '^%d+ (.*)$') == ARGV[at + 2] .. ' ' .. ARGV[1] then
    given = given + 1
    redis.call('HDEL', KEYS[2], field)
    if from < to then
      local tail = redis.call('HINCRBY', KEYS[1], 'tail ' .. source, 1) - 1
      redis.call('HSET', KEYS[1], 'range ' .. tail .. ' ' .. source, from .. ' ' .. to)
      redis.call('HINCRBY', KEYS[1], 'back ' .. source, to - from)
    end
  end
end
return given
