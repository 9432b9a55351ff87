#!lua flags=allow-oom
-- Has a node told of changes of a user's presence for a while, and tells how it is now.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- KEYS[3] watchers:{user}, hash: nodeId -> until (Unix ms)
-- ARGV[1] nodeId
-- ARGV[2] for how long (ms)
-- ARGV[3] time to live of the state (ms)
-- ARGV[4...] nodes known to be dead
-- Returns { until (Unix ms; later with every call), devices, last seen (Unix ms; '' while online or where never seen),
--           nodeIds of the living entries... }
-- @include time
-- @include expiry
-- @include presence
-- @include look
-- @include watchers
local now = store_now()
local watchers, node, ahead = KEYS[3], ARGV[1], tonumber(ARGV[2])
-- Later than the one before it, so that an unwatch that is late can tell that it is.
local before = tonumber(redis.call('HGET', watchers, node) or 0)
local till = math.max(now + ahead, watched_until(before, now, ahead) + 1)
redis.call('HSET', watchers, node, string.format('%.0f', till))
redis.call('PEXPIRE', watchers, ahead * 2)
local dead = set_of(ARGV, 4, #ARGV - 3)
return { till, unpack(look_of(living_entries(KEYS[1], KEYS[2], now, dead, tonumber(ARGV[3])), KEYS[2], now)) }
