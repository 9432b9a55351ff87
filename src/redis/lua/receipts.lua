-- Receipts. The state keeps, per channel, `<channel>:acked`, the furthest that any device has stored, and
-- `<channel>:asked`, the last message whose sender asked for receipts: where that is known, nobody's log is searched.

-- A draft's JSON ends so where its sender asked for receipts (shared/message.ts prints it last).
local ASKS = ',"receipt":true}'
-- A receipt is a hint: of a great many messages at once the newest are looked at.
local NEWEST_LOOKED_AT = 200

-- Who asked for receipts of what lies after `from` up to `upto`: sender, offset of their latest message there...
local function receipts_between(inbox, state, channel, from, upto)
  local due = {}
  local asked = redis.call('HGET', state, channel .. ':asked')
  if not asked or not is_after(asked, from) or not is_after(upto, from) then return due end
  local told = {}
  for _, raw in ipairs(redis.call('XREVRANGE', inbox, upto, '(' .. from, 'COUNT', NEWEST_LOOKED_AT)) do
    local entry = fields_of(raw)
    local sender = string.sub(entry.json, -#ASKS) == ASKS and string.match(entry.json, '"from":"([^"]+)"')
    if sender and not told[sender] then
      told[sender] = true
      due[#due + 1] = sender
      due[#due + 1] = entry.offset
    end
  end
  return due
end

-- Some device has stored everything up to `offset`. Returns the receipts that are due for it.
local function acknowledge(inbox, state, channel, offset, state_ttl)
  local known = redis.call('HMGET', state, channel .. ':acked', channel .. ':read')
  local from = known[1] or '0-0'
  if not is_after(offset, from) then return {} end
  redis.call('HSET', state, channel .. ':acked', offset)
  keep_for(state, state_ttl)
  -- What has been read is known to have been delivered.
  if known[2] and is_after(known[2], from) then from = known[2] end
  return receipts_between(inbox, state, channel, from, offset)
end
