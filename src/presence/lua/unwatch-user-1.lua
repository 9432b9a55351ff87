-- Has a node told no more of changes of a user's presence.
-- KEYS[1] watchers:{user}, hash: nodeId -> until (Unix ms)
-- ARGV[1] nodeId
-- ARGV[2] the `until` that its last watch was given: a newer watch stays
-- Returns 1 where it was watching, else 0
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
