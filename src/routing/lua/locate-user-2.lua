#!lua flags=allow-oom
-- Tells where a user is.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- ARGV[1] time to live of the state (ms)
-- ARGV[2...] nodes known to be dead
-- Returns { connectionId, nodeId of each connection... }
-- @include time
-- @include expiry
-- @include presence
local reply = {}
local dead = set_of(ARGV, 2, #ARGV - 1)
for _, entry in ipairs(living_entries(KEYS[1], KEYS[2], store_now(), dead, tonumber(ARGV[1]))) do
  reply[#reply + 1] = entry.id
  reply[#reply + 1] = entry.node
end
return reply
