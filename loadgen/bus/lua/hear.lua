-- A worker has heard of the shares that it is offered, or somebody asks whether they hold. The last who hears makes them
-- hold; the first who asks when the time is over calls them off. Either is for good, whosoever's clock is wrong.
-- KEYS    1 turn, 2 awaited
-- ARGV    1 number of the epoch, 2 the worker that has heard of it ('' = only asks), 3 its cluster time in µs
-- RETURNS 'open', 'sure', 'off', or 'over' when this is not the latest epoch
local turn = redis.call('HMGET', KEYS[1], 'epoch', 'by', 'state')
if turn[1] ~= ARGV[1] then
  return 'over'
end
if turn[3] ~= 'open' then
  return turn[3]
end
if tonumber(ARGV[3]) >= tonumber(turn[2]) then
  redis.call('HSET', KEYS[1], 'state', 'off')
  return 'off'
end
if ARGV[2] ~= '' and redis.call('SREM', KEYS[2], ARGV[2]) == 1 and redis.call('SCARD', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[1], 'state', 'sure')
  return 'sure'
end
return 'open'
