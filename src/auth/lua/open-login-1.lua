-- Opens a login of a local account: generation 1 of its refresh tokens.
-- KEYS[1] login:{user}:<loginId>, hash: generation, rotatedAt (Unix ms by the store)
-- ARGV[1] time to live without a refresh (ms)
-- Returns now (ms)
-- @include time
local now = store_now()
redis.call('HSET', KEYS[1], 'generation', 1, 'rotatedAt', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return now
