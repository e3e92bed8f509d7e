-- Seal in one step: append sealed seconds, move the read positions, and each worker's last sequence.
-- KEYS    1 fence of the run, 2 sealed, 3 positions, 4 totals
-- ARGV    1 own fencing number, 2 entries that sealed must hold now ('' = any number),
--         3 number of sealed seconds n, then n payloads,
--         then number of positions p, then p pairs (shard, stream id),
--         then number of workers w, then w pairs (worker, packed WorkerTotals)
-- RETURNS 1 when written, 0 when fenced off, -1 when sealed holds something else: this very step was done already and
--         its answer was lost, or a fail-over lost earlier ones (nothing is written unless 1)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] ~= '' and redis.call('XLEN', KEYS[2]) ~= tonumber(ARGV[2]) then
  return -1
end
local at = 3
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
