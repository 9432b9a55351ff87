#!lua flags=allow-oom
-- Refuses every token of a user issued up to now. A clock that was set back does not make older tokens good again.
-- KEYS[1] revoked:{user}, string: Unix ms by the store
-- Returns since when (ms)
-- @include time
local now = store_now()
local before = tonumber(redis.call('GET', KEYS[1]))
if before and before >= now then return before end
redis.call('SET', KEYS[1], string.format('%.0f', now))
return now
