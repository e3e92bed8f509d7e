-- Rows of a run's data can be dealt from now on. Once: where Redis has forgotten who holds which, nothing is dealt any more.
-- KEYS    1 fence of the run, 2 rows
-- ARGV    1 own fencing number, 2 how long the keys live that nobody ends, s
-- RETURNS 1 when open, 0 when fenced off
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if redis.call('HSETNX', KEYS[2], 'open', '1') == 1 then
  redis.call('EXPIRE', KEYS[2], ARGV[2])
end
return 1
