#!lua flags=allow-oom
-- Asserts again that a node holds connections of a user, and compares notes.
-- An entry that is missing (Redis was emptied, it ran out, its node's id was lost) is written again, unless newer
-- connections stand in its place, or its token has been revoked: then this one has lost.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- KEYS[3] revoked:{user}, string
-- KEYS[4...] C times inbox:{user}:<channel>, stream, then N times revoked:{user}:<login>, string, of each connection
-- ARGV[1] nodeId
-- ARGV[2] devices that the user may have connected
-- ARGV[3] how long an entry counts unless a sweep renews it (ms)
-- ARGV[4] time to live of the state (ms)
-- ARGV[5] until when it may be done (Unix ms by the store): nobody waits for it after that
-- ARGV[6] number of channels C
-- ARGV[7] number of connections N
-- ARGV[8...] C times channel, then N times (connectionId, since (ms), device or '', issued (Unix ms)), then nodes
--            known to be dead
-- Returns { 'late', now (ms) } where it is too late, or
--         { last offset of each channel, then connectionId, 'replaced' or 'revoked' of each that has lost... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include presence
-- @include surplus
-- @include revocation
local presence, state, node = KEYS[1], KEYS[2], ARGV[1]
local ahead, state_ttl, channels, count = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7])
local first = 8 + channels
local now = store_now()
if now > tonumber(ARGV[5]) then return { 'late', now } end
local dead = set_of(ARGV, first + 4 * count, #ARGV - first - 4 * count + 1)

local held, all, why = {}, {}, {}
for i = 1, count do
  local at = first + 4 * (i - 1)
  local entry = { id = ARGV[at], since = tonumber(ARGV[at + 1]), device = ARGV[at + 2], node = node, till = now + ahead, seen = now }
  held[i] = entry
  if is_revoked(KEYS[3], KEYS[3 + channels + i], tonumber(ARGV[at + 3]), now) then why[entry.id] = 'revoked'
  else all[#all + 1] = entry end
end
local is_held = {}
for _, entry in ipairs(held) do is_held[entry.id] = true end
for _, entry in ipairs(living_entries(presence, state, now, dead, state_ttl)) do
  if not is_held[entry.id] then all[#all + 1] = entry end
end
for id in pairs(surplus(all, tonumber(ARGV[2]))) do why[id] = 'replaced' end

local reply = {}
for i = 1, channels do reply[i] = last_of(KEYS[3 + i], state, ARGV[7 + i]) end
for _, entry in ipairs(held) do
  if why[entry.id] then
    redis.call('HDEL', presence, entry.id)
    reply[#reply + 1] = entry.id
    reply[#reply + 1] = why[entry.id]
  else
    write_entry(presence, entry)
  end
end
keep_entries(presence, ahead, state_ttl)
keep_for(state, state_ttl)
return reply
