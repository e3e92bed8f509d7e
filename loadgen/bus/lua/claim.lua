-- A leader takes a run over: from now on older leaders cannot write to it.
-- KEYS    1 fence of the run
-- ARGV    1 own fencing number
-- RETURNS 1 when claimed, 0 when a newer leader has it
local held = tonumber(redis.call('GET', KEYS[1]) or '0')
if held > tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
