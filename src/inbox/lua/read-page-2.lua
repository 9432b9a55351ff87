-- Reads a page of an inbox, bounded in number and in bytes; the first entry always fits.
-- KEYS[1] inbox:{user}:<channel>, stream
-- KEYS[2] state:{user}, hash
-- ARGV[1] channel
-- ARGV[2] 'after' (oldest first) or 'before' (newest first)
-- ARGV[3] offset, not itself returned; '' for the read cursor
-- ARGV[4] limit (entries)
-- ARGV[5] limit (bytes of message JSON)
-- Returns { last, the offset started from, more (1 or 0), then offset, prev, draft JSON of each entry... }
-- @include offset
-- @include stream
local inbox, state, channel = KEYS[1], KEYS[2], ARGV[1]
local backwards = ARGV[2] == 'before'
local start = ARGV[3]
if start == '' then start = redis.call('HGET', state, channel .. ':read') or '0-0' end
local last = last_of(inbox, state, channel)
local limit, bytes_left = tonumber(ARGV[4]), tonumber(ARGV[5])
local reply = { last, start, 0 }
-- Nothing lies before the beginning, and Redis refuses to look there.
if backwards and not is_after(start, '0-0') then return reply end

-- A message's JSON is its draft, completed by `,"sentAt":<ms>,"offset":"<offset>"` (shared/message.ts).
local function message_size(entry)
  return #entry.json + #'"sentAt":,"offset":"",' + #entry.offset + #string.match(entry.offset, '^%d+')
end

-- Entries are fetched a few at a time: a page of large messages ends long before its limit.
local STEP = 20
local from, taken, full = start, 0, false
repeat
  local count = math.min(STEP, limit - taken + 1)
  local entries
  if backwards then
    entries = redis.call('XREVRANGE', inbox, '(' .. from, '-', 'COUNT', count)
  else
    entries = redis.call('XRANGE', inbox, '(' .. from, '+', 'COUNT', count)
  end
  for _, raw in ipairs(entries) do
    local entry = fields_of(raw)
    local size = message_size(entry)
    if taken == limit or (taken > 0 and size > bytes_left) then
      full = true
      break
    end
    reply[#reply + 1] = entry.offset
    reply[#reply + 1] = entry.prev
    reply[#reply + 1] = entry.json
    taken = taken + 1
    bytes_left = bytes_left - size
    from = entry.offset
  end
until full or #entries < count
reply[3] = full and 1 or 0
return reply
