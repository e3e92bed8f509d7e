-- Take or renew the coordinator's lease, with a fencing number that rises with every new leadership.
-- KEYS    1 leader, 2 fence
-- ARGV    1 own id, 2 lease in ms
-- RETURNS {1, fence} when leading, {0, id of the one who leads} otherwise
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {1, tonumber(redis.call('GET', KEYS[2]))}
end
if holder then
  return {0, holder}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, redis.call('INCR', KEYS[2])}
