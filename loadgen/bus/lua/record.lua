-- Write a run's record, if its fence is still ours.
-- KEYS    1 fence of the run, 2 record
-- ARGV    1 own fencing number, 2 RunRecord as JSON
-- RETURNS 1 when written, 0 when fenced off
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2])
return 1
