-- Replace the seats of some workers, if the run's fence is still ours.
-- KEYS    1 fence of the run, 2 seats
-- ARGV    1 own fencing number, then pairs (worker, Seat as JSON)
-- RETURNS 1 when written, 0 when fenced off
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
for at = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
end
return 1
