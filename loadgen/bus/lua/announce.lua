-- Announce new shares: write all seats in one step, and who must hear of them by when before they hold.
-- KEYS    1 fence of the run, 2 seats, 3 turn, 4 awaited
-- ARGV    1 own fencing number, 2 number of the epoch, 3 until when all must have heard, cluster time in µs,
--         4 number of awaited workers a (0 = the shares hold at once), then a names, then pairs (worker, Seat as JSON)
-- RETURNS 1 when written, 0 when fenced off, -1 when it is still open whether the epoch before holds (nothing is
--         written unless 1)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if redis.call('HGET', KEYS[3], 'state') == 'open' then
  return -1
end
local awaited = tonumber(ARGV[4])
redis.call('DEL', KEYS[4])
for at = 5, 4 + awaited do
  redis.call('SADD', KEYS[4], ARGV[at])
end
for at = 5 + awaited, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
end
redis.call('HSET', KEYS[3], 'epoch', ARGV[2], 'by', ARGV[3], 'state', awaited > 0 and 'open' or 'sure')
return 1
