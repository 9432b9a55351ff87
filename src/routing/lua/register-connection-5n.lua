#!lua flags=allow-oom
-- Registers a connection, after which every append routes to it, and tells where its feeds begin.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- KEYS[3] revoked:{user}, string
-- KEYS[4] revoked:{user}:<login>, string; of a token without a login one that never is
-- KEYS[5] watchers:{user}, hash
-- KEYS[6...] inbox:{user}:<channel>, stream, one per channel
-- ARGV[1] connectionId
-- ARGV[2] nodeId
-- ARGV[3] device; '' for one without a name
-- ARGV[4] when its token was issued (Unix ms)
-- ARGV[5] devices that the user may have connected
-- ARGV[6] 1 where a further device is refused, 0 where it takes the place of the oldest
-- ARGV[7] how long the entry counts unless a sweep renews it (ms)
-- ARGV[8] time to live of the state (ms)
-- ARGV[9] devices that may have a cursor on one channel
-- ARGV[10] until when it may be registered (Unix ms by the store): nobody waits for it after that
-- ARGV[11] number of channels C
-- ARGV[12...] C times channel, then C times `since` ('' for none): up to where the device says it has stored, then
--             nodes known to be dead
-- Returns { 'late', now (ms) } where it is too late, { 'revoked' }, or { 'conflict', connectionId, nodeId of each rival... }, or
--         { since (ms, the connection's place among the user's),
--           { delivered, read, unread, last, start of each channel... },
--           { connectionId, nodeId of each connection that this one replaces... },
--           { nodeIds that watch the user... },
--           for each channel { sender, offset of each receipt that `since` makes due... } }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include chain
-- @include cursors
-- @include presence
-- @include surplus
-- @include revocation
-- @include watchers
-- @include receipts
local presence, state, watchers = KEYS[1], KEYS[2], KEYS[5]
local id, node, device = ARGV[1], ARGV[2], ARGV[3]
local max_devices, refuses = tonumber(ARGV[5]), ARGV[6] == '1'
local ahead, state_ttl, max_cursors, channels = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[11])
local now = store_now()
if now > tonumber(ARGV[10]) then return { 'late', now } end
local dead = set_of(ARGV, 12 + 2 * channels, #ARGV - 11 - 2 * channels)

if is_revoked(KEYS[3], KEYS[4], tonumber(ARGV[4]), now) then return { 'revoked' } end

local others = living_entries(presence, state, now, dead, state_ttl)
local since, conflict = now, { 'conflict' }
for _, entry in ipairs(others) do
  since = math.max(since, entry.since + 1)
  if entry.id ~= id and (device == '' or entry.device ~= device) then
    conflict[#conflict + 1] = entry.id
    conflict[#conflict + 1] = entry.node
  end
end
if refuses and #conflict > 1 then return conflict end

-- The newest of all, it stays; the same device's older ones go, and the oldest device where there are too many.
local mine = { id = id, till = now + ahead, seen = now, since = since, node = node, device = device }
local all, replaced = { mine }, {}
for _, entry in ipairs(others) do
  if entry.id ~= id then all[#all + 1] = entry end
end
local lost = surplus(all, max_devices)
for _, entry in ipairs(all) do
  if lost[entry.id] then
    redis.call('HDEL', presence, entry.id)
    replaced[#replaced + 1] = entry.id
    replaced[#replaced + 1] = entry.node
  end
end
write_entry(presence, mine)
keep_entries(presence, ahead, state_ttl)

-- A cursor may lie between two messages, for clients may name any offset. A feed follows the chain, so it starts
-- at the message before.
local function place_of(inbox, cursor, last)
  if cursor == last then return cursor end
  local prev = prev_after(inbox, cursor)
  return prev and is_after(cursor, prev) and prev or cursor
end

local rows = {}
local reply = { since, rows, replaced, watching_nodes(watchers, now, ahead) }
for i = 1, channels do
  local channel, claimed, inbox = ARGV[11 + i], ARGV[11 + channels + i], KEYS[5 + i]
  local last, last_n = last_of(inbox, state, channel)
  local read, read_n = read_of(state, channel, last)
  local delivered = device ~= '' and delivered_of(state, channel, device, last) or nil
  local start, receipts = delivered or read, {}
  -- What the user has sent is for the other devices that keep it, by name.
  if channel == 'sent' and device == '' then start, claimed = last, '' end
  if claimed ~= '' and is_after(claimed, start) and is_in_chain(inbox, claimed, last) then
    start = claimed
    receipts = acknowledge(inbox, state, channel, claimed, state_ttl)
  end
  -- `since` is an ack; and a cursor that is in use is not the longest unused.
  if delivered or (device ~= '' and start == claimed) then
    delivered = move_delivered(state, channel, device, start, last, max_cursors, state_ttl, now)
  end
  for _, value in ipairs({ delivered or '0-0', read, unread_of(inbox, channel, last_n, read_n), last, place_of(inbox, start, last) }) do
    rows[#rows + 1] = value
  end
  reply[#reply + 1] = receipts
end
return reply
