-- Append-and-route: stores messages, each in its receiver's inbox, once, and tells which nodes hold the receivers.
-- The first six keys are those of the first message, and so on:
-- KEYS[1] inbox:{to}:<channel>, stream
-- KEYS[2] state:{to}, hash
-- KEYS[3] presence:{to}, hash
-- KEYS[4] sent:{to}:<channel>/<from>/<clientId or message id>, string, expiring: the dedupe record
-- KEYS[5] account:{to}, hash
-- KEYS[6] blocks:{to}, set: users from whom nothing is taken
-- KEYS[7...] the same of the other messages
-- ARGV[1] how long a repeat is recognised (ms)
-- ARGV[2] messages that an inbox keeps
-- ARGV[3] bytes of drafts that an inbox keeps
-- ARGV[4] how long a message is kept (ms)
-- ARGV[5] time to live of the state (ms)
-- ARGV[6...] channel, message id, draft (the message's JSON without offset and sentAt) and wishes of each message,
--            then the nodes known to be dead. Wishes, any of them: `a` where the receiver must have a local account, `b`
--            where the receiver may have blocked the sender, `r` where the sender asks for receipts.
-- Returns for each message false where there is no such receiver, 'blocked', an error where something failed, stored or not, else
--         { duplicate (1 or 0), id, offset, prev ('' for a duplicate), then connectionId, nodeId of each connection... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include chain
-- @include presence
local KEYS_EACH, ARGS_BEFORE, ARGS_EACH = 6, 5, 4
local messages = #KEYS / KEYS_EACH
local max_length, max_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local ttl, state_ttl = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = store_now()
local first_dead = ARGS_BEFORE + ARGS_EACH * messages + 1
local dead = set_of(ARGV, first_dead, #ARGV - first_dead + 1)

local function with_routes(reply, presence, state)
  for _, entry in ipairs(living_entries(presence, state, now, dead, state_ttl)) do
    reply[#reply + 1] = entry.id
    reply[#reply + 1] = entry.node
  end
  return reply
end

local function append(key, arg)
  local inbox, state, presence, sent = KEYS[key], KEYS[key + 1], KEYS[key + 2], KEYS[key + 3]
  local channel, id, draft, wishes = ARGV[arg], ARGV[arg + 1], ARGV[arg + 2], ARGV[arg + 3]
  if string.find(wishes, 'a', 1, true) and redis.call('EXISTS', KEYS[key + 4]) == 0 then return false end

  local last, last_n, bytes, oldest_ms, oldest_bytes = last_of(inbox, state, channel)
  local record = redis.call('GET', sent)
  local first_offset, first_id = string.match(record or '', '^(%S+) (%S+)$')
  -- A record of what this log does not have is another's: that message is lost, so this one is stored.
  if first_offset and is_in_chain(inbox, first_offset, last) then
    -- Written again, so that a WAIT after this covers the first append, whichever connection made it.
    redis.call('SET', sent, record, 'KEEPTTL')
    return with_routes({ 1, first_id, first_offset, '' }, presence, state)
  end

  -- After the repeats: what was acknowledged stays so.
  if string.find(wishes, 'b', 1, true) and
    redis.call('SISMEMBER', KEYS[key + 5], string.match(sent, '/([^/]+)/[^/]+$')) == 1 then return 'blocked' end

  -- Growing through an expired stream and a clock set back.
  local offset = next_offset(last, now, id)
  local n = last_n + 1

  redis.call('XADD', inbox, 'MAXLEN', max_length, offset, 'm', draft, 'p', last,
    'n', string.format('%.0f', n), 'b', string.format('%.0f', bytes))
  bytes = bytes + #draft
  redis.call('HSET', state, channel .. ':last', offset, channel .. ':n', string.format('%.0f', n),
    channel .. ':bytes', string.format('%.0f', bytes))

  if string.find(wishes, 'r', 1, true) then redis.call('HSET', state, channel .. ':asked', offset) end

  -- By age, then by bytes: the newest entry always stays. The state remembers the oldest entry of the last time that
  -- it was looked for: today's can only be younger, so this looks too often at worst, and mostly not at all.
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
  redis.call('SET', sent, offset .. ' ' .. id, 'PX', ARGV[1])
  return with_routes({ 0, id, offset, last }, presence, state)
end

-- One message that fails, where a key is not what it should be, takes no other with it. Where none could be stored, the
-- reason may be the server's (no memory, a replica): the script fails with it, as it would for one.
local replies, was_stored, failure = {}, false, nil
for i = 1, messages do
  local succeeded, reply = pcall(append, KEYS_EACH * (i - 1) + 1, ARGS_BEFORE + ARGS_EACH * (i - 1) + 1)
  if not succeeded then
    -- As a table: of a text Redis would make an error of its own kind.
    reply = { err = reply }
    failure = failure or reply
  elseif type(reply) == 'table' then
    was_stored = true
  end
  replies[i] = reply
end
if failure and not was_stored then error(failure) end
return replies
