-- Write a run anew that Redis forgot, unless somebody has done it already.
-- KEYS    1 spec, 2 record, 3 fence, 4 sealed, 5 totals, 6 seats
-- ARGV    1 RunSpec as JSON, 2 RunRecord as JSON,
--         3 number of sealed seconds n, then n payloads,
--         then number of workers w, then w pairs (worker, packed WorkerTotals),
--         then number of seats s, then s pairs (worker, Seat as JSON)
-- RETURNS 1 when written, 0 when the run is known
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('DEL', KEYS[2], KEYS[4], KEYS[5], KEYS[6])
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], '0')
local at = 3
for _ = 1, tonumber(ARGV[at]) do
  at = at + 1
  redis.call('XADD', KEYS[4], '*', 's', ARGV[at])
end
for key = 5, 6 do
  at = at + 1
  for _ = 1, tonumber(ARGV[at]) do
    redis.call('HSET', KEYS[key], ARGV[at + 1], ARGV[at + 2])
    at = at + 2
  end
end
return 1
