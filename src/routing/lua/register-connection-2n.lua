-- Registers a connection, after which every append routes to it, and tells where its feeds begin.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- KEYS[3...] inbox:{user}:<channel>, stream, one per channel
-- ARGV[1] connectionId
-- ARGV[2] nodeId
-- ARGV[3] device; '' for one without a name
-- ARGV[4] how long the entry counts unless a sweep renews it (ms)
-- ARGV[5] time to live of the state (ms)
-- ARGV[6] devices that may have a cursor on one channel
-- ARGV[7] number of channels C
-- ARGV[8...] C times channel, then C times `since` ('' for none): up to where the device says it has stored, then
--            nodes known to be dead
-- Returns { since (ms, the connection's place among those of its device),
--           delivered, read, unread, last, start of each channel,
--           then connectionId, nodeId of each connection that this one replaces... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include cursors
-- @include presence
local presence, state = KEYS[1], KEYS[2]
local id, node, device = ARGV[1], ARGV[2], ARGV[3]
local ahead, state_ttl, max_devices, channels = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local now = store_now()
local dead = set_of(ARGV, 8 + 2 * channels, #ARGV - 7 - 2 * channels)

-- The same device again: the newer connection takes the older one's place, on whichever node that is.
local since, replaced = now, {}
for _, entry in ipairs(living_entries(presence, state, now, dead, state_ttl)) do
  since = math.max(since, entry.since + 1)
  if device ~= '' and entry.device == device and entry.id ~= id then
    redis.call('HDEL', presence, entry.id)
    replaced[#replaced + 1] = entry.id
    replaced[#replaced + 1] = entry.node
  end
end
write_entry(presence, { id = id, till = now + ahead, seen = now, since = since, node = node, device = device })
keep_for(presence, state_ttl)

-- What the first entry after `offset` follows: `offset` itself, or something later where retention has cut;
-- something earlier where no entry ever was at `offset`. nil where no entry lies after it.
local function prev_after(inbox, offset)
  local after = redis.call('XRANGE', inbox, '(' .. offset, '+', 'COUNT', 1)
  return #after > 0 and fields_of(after[1]).prev or nil
end

-- Whether a device can have stored everything up to `offset`: an offset at which no entry ever was shows that the
-- log has been another since.
local function is_in_chain(inbox, offset, last)
  if is_after(offset, last) then return false end
  local prev = prev_after(inbox, offset)
  return not prev or not is_after(offset, prev)
end

-- A cursor may lie between two messages, for clients may name any offset. A feed follows the chain, so it starts
-- at the message before.
local function place_of(inbox, cursor, last)
  if cursor == last then return cursor end
  local prev = prev_after(inbox, cursor)
  return prev and is_after(cursor, prev) and prev or cursor
end

local reply = { since }
for i = 1, channels do
  local channel, claimed, inbox = ARGV[7 + i], ARGV[7 + channels + i], KEYS[2 + i]
  local last, last_n = last_of(inbox, state, channel)
  local cursor = redis.call('HMGET', state, channel .. ':read', channel .. ':readN')
  local read, read_n = cursor[1] or '0-0', tonumber(cursor[2] or 0)
  local delivered = device ~= '' and delivered_of(state, channel, device) or nil
  local start = delivered or read
  if claimed ~= '' and is_after(claimed, start) and is_in_chain(inbox, claimed, last) then start = claimed end
  -- `since` is an ack; and a cursor that is in use is not the longest unused.
  if delivered or (device ~= '' and start == claimed) then
    delivered = move_delivered(state, channel, device, start, max_devices, state_ttl, now)
  end
  reply[#reply + 1] = delivered or '0-0'
  reply[#reply + 1] = read
  reply[#reply + 1] = unread_of(inbox, last_n, read_n)
  reply[#reply + 1] = last
  reply[#reply + 1] = place_of(inbox, start, last)
end
for _, part in ipairs(replaced) do reply[#reply + 1] = part end
return reply
