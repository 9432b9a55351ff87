-- Asserts again that a node holds connections of a user, and compares notes.
-- An entry that is missing (Redis was emptied, it ran out, its node's id was lost) is written again, unless a newer
-- connection of the same device stands there: then this one has lost.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- KEYS[3...] inbox:{user}:<channel>, stream, one per channel
-- ARGV[1] nodeId
-- ARGV[2] how long an entry counts unless a sweep renews it (ms)
-- ARGV[3] time to live of the state (ms)
-- ARGV[4] number of channels C
-- ARGV[5] number of connections N
-- ARGV[6...] C times channel, then N times (connectionId, since (ms), device or ''), then nodes known to be dead
-- Returns { last offset of each channel, then connectionIds that have lost... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include presence
local presence, state, node = KEYS[1], KEYS[2], ARGV[1]
local ahead, state_ttl, channels, count = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local first = 6 + channels
local now = store_now()
local dead = set_of(ARGV, first + 3 * count, #ARGV - first - 3 * count + 1)

local newest = {}
local function contend(entry)
  local rival = newest[entry.device]
  if entry.device == '' then return end
  if rival == nil or entry.since > rival.since or (entry.since == rival.since and entry.id > rival.id) then
    newest[entry.device] = entry
  end
end
for _, entry in ipairs(living_entries(presence, state, now, dead, state_ttl)) do contend(entry) end

local held = {}
for i = first, first + 3 * count - 1, 3 do
  local entry = { id = ARGV[i], since = tonumber(ARGV[i + 1]), device = ARGV[i + 2], node = node, till = now + ahead, seen = now }
  held[#held + 1] = entry
  contend(entry)
end

local reply = {}
for i = 1, channels do reply[i] = last_of(KEYS[2 + i], state, ARGV[5 + i]) end
for _, entry in ipairs(held) do
  local winner = newest[entry.device]
  if winner ~= nil and winner.id ~= entry.id then
    redis.call('HDEL', presence, entry.id)
    reply[#reply + 1] = entry.id
  else
    write_entry(presence, entry)
  end
end
keep_for(presence, state_ttl)
keep_for(state, state_ttl)
return reply
