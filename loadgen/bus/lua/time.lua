-- The clock of the server that judges leases: in a Redis Cluster each server has one of its own.
-- KEYS    1 leader: it is not looked at, but leads to that server
-- ARGV    none
-- RETURNS {seconds, microseconds} since the Unix epoch
return redis.call('TIME')
