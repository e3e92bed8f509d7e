-- Take or renew the coordinator's lease, with a fencing number that rises with every new leadership: the server's clock
-- in milliseconds, so that it rises even where the last number was lost (a fail-over, a flush), and one more otherwise.
-- KEYS    1 leader, 2 fence
-- ARGV    1 own id, 2 lease in ms
-- RETURNS {1, fence} when leading, {0, id of the one who leads} otherwise
local holder = redis.call('GET', KEYS[1])
local fence = tonumber(redis.call('GET', KEYS[2]) or '0')
if holder == ARGV[1] and fence > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {1, fence}
end
if holder and holder ~= ARGV[1] then
  return {0, holder}
end
local time = redis.call('TIME')
fence = math.max(fence + 1, tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence))
return {1, fence}
