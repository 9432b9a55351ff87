-- Takes a node off the list, with what it told of itself.
-- KEYS[1] nodes, sorted set: nodeId -> lease expiry
-- KEYS[2] node-info, hash: nodeId -> what it tells, JSON
-- ARGV[1] nodeId
-- Returns whether it was there (1 or 0)
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
