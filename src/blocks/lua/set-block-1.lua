#!lua flags=allow-oom
-- Blocks a user, where not too many are blocked.
-- KEYS[1] blocks:{user}, set: users
-- ARGV[1] the user who is blocked
-- ARGV[2] users that may be blocked
-- Returns 1, or 0 where there are too many
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
return redis.call('SADD', KEYS[1], ARGV[1])
