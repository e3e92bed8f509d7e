-- Give the coordinator's lease back, if it is still ours.
-- KEYS    1 leader
-- ARGV    1 own id
-- RETURNS 1 when given back, 0 when another led already
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
