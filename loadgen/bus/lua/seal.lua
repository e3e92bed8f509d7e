-- Seal in one step: append sealed seconds, move the read positions, and each worker's last sequence.
-- KEYS    1 fence of the run, 2 sealed, 3 positions, 4 totals
-- ARGV    1 own fencing number, 2 number of sealed seconds n, then n payloads,
--         then number of positions p, then p pairs (shard, stream id),
--         then number of workers w, then w pairs (worker, WorkerTotals as JSON)
-- RETURNS 1 when written, 0 when fenced off (nothing is written)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local at = 2
for _ = 1, tonumber(ARGV[at]) do
  at = at + 1
  redis.call('XADD', KEYS[2], '*', 's', ARGV[at])
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  redis.call('HSET', KEYS[3], ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  redis.call('HSET', KEYS[4], ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
return 1
