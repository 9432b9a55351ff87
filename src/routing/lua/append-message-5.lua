-- Append-and-route: stores a message in the receiver's inbox, once, and tells which nodes hold the receiver.
-- KEYS[1] inbox:{to}:<channel>, stream
-- KEYS[2] state:{to}, hash
-- KEYS[3] presence:{to}, hash
-- KEYS[4] sent:{to}:<channel>/<from>/<clientId or message id>, string, expiring: the dedupe record
-- KEYS[5] account:{to}, hash
-- ARGV[1] channel
-- ARGV[2] message id
-- ARGV[3] draft: the message's JSON without offset and sentAt
-- ARGV[4] how long a repeat is recognised (ms)
-- ARGV[5] messages that the inbox keeps
-- ARGV[6] bytes of drafts that the inbox keeps
-- ARGV[7] how long a message is kept (ms)
-- ARGV[8] time to live of the state (ms)
-- ARGV[9] 1 where the receiver must have a local account, else 0
-- ARGV[10] 1 where the sender asks for receipts, else 0
-- ARGV[11...] nodes known to be dead
-- Returns nil where there is no such receiver, else
--         { duplicate (1 or 0), id, offset, prev ('' for a duplicate), then connectionId, nodeId of each connection... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include presence
local inbox, state, presence, sent = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local channel, id, draft = ARGV[1], ARGV[2], ARGV[3]
local max_length, max_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local ttl, state_ttl = tonumber(ARGV[7]), tonumber(ARGV[8])
local now = store_now()

local function with_routes(reply)
  for _, entry in ipairs(living_entries(presence, state, now, set_of(ARGV, 11, #ARGV - 10), state_ttl)) do
    reply[#reply + 1] = entry.id
    reply[#reply + 1] = entry.node
  end
  return reply
end

if ARGV[9] == '1' and redis.call('EXISTS', KEYS[5]) == 0 then return nil end

local record = redis.call('GET', sent)
if record then
  local first_offset, first_id = string.match(record, '^(%S+) (%S+)$')
  -- Written again, so that a WAIT after this covers the first append, whichever connection made it.
  redis.call('SET', sent, record, 'KEEPTTL')
  return with_routes({ 1, first_id, first_offset, '' })
end

-- max(now, last offset + 1): growing through an expired stream and a clock set back.
local last, last_n, bytes, oldest_ms, oldest_bytes = last_of(inbox, state, channel)
local last_ms, last_seq = split_offset(last)
local offset
if now > last_ms then offset = string.format('%.0f-0', now)
else offset = string.format('%.0f-%.0f', last_ms, last_seq + 1) end
local n = last_n + 1

redis.call('XADD', inbox, 'MAXLEN', max_length, offset, 'm', draft, 'p', last,
  'n', string.format('%.0f', n), 'b', string.format('%.0f', bytes))
bytes = bytes + #draft
redis.call('HSET', state, channel .. ':last', offset, channel .. ':n', string.format('%.0f', n),
  channel .. ':bytes', string.format('%.0f', bytes))

if ARGV[10] == '1' then redis.call('HSET', state, channel .. ':asked', offset) end

-- By age, then by bytes: the newest entry always stays. The state remembers the oldest entry of the last time that it
-- was looked for: today's can only be younger, so this looks too often at worst, and mostly not at all.
if oldest_ms < now - ttl or bytes - oldest_bytes > max_bytes then
  redis.call('XTRIM', inbox, 'MINID', string.format('%.0f', math.max(0, now - ttl)))
  local oldest = oldest_entry(inbox)
  while oldest.offset ~= offset and bytes - oldest.bytes > max_bytes do
    redis.call('XDEL', inbox, oldest.offset)
    oldest = oldest_entry(inbox)
  end
  local ms = split_offset(oldest.offset)
  redis.call('HSET', state, channel .. ':oldestMs', string.format('%.0f', ms),
    channel .. ':oldestBytes', string.format('%.0f', oldest.bytes))
end

keep_for(inbox, ttl)
keep_for(state, state_ttl)
redis.call('SET', sent, offset .. ' ' .. id, 'PX', ARGV[4])
return with_routes({ 0, id, offset, last })
