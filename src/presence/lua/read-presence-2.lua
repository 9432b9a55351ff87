#!lua flags=allow-oom
-- Whether a user is here, with how many devices, or since when not.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- ARGV[1] time to live of the state (ms)
-- ARGV[2...] nodes known to be dead
-- Returns { devices, last seen (Unix ms; '' while online or where never seen), nodeIds of the living entries... }
-- @include time
-- @include expiry
-- @include presence
-- @include look
local dead = set_of(ARGV, 2, #ARGV - 1)
local now = store_now()
return look_of(living_entries(KEYS[1], KEYS[2], now, dead, tonumber(ARGV[1])), KEYS[2], now)
