#!lua flags=allow-oom
-- Refuses every token of a user issued up to now.
-- KEYS[1] revoked:{user}, string: Unix ms by the store; a login that is spared would stand behind it
-- Returns since when (ms)
-- @include time
local now = store_now()
redis.call('SET', KEYS[1], string.format('%.0f', now))
return now
