-- Entries of an inbox stream have the fields m (draft JSON), p (the offset before), n (number in this inbox)
-- and b (bytes of all drafts before this one), always in this order.
local function fields_of(entry)
  local values = entry[2]
  return { offset = entry[1], json = values[2], prev = values[4], n = tonumber(values[6]), bytes = tonumber(values[8]) }
end

local function oldest_entry(inbox)
  local entries = redis.call('XRANGE', inbox, '-', '+', 'COUNT', 1)
  if #entries == 0 then return nil end
  return fields_of(entries[1])
end

-- Last offset and number of an inbox, and bytes of all drafts so far: from the state, or from the stream where the
-- state has been lost. Besides, time and bytes of the oldest entry as it was last looked for; 0 where it was not.
local function last_of(inbox, state, channel)
  local known = redis.call('HMGET', state, channel .. ':last', channel .. ':n', channel .. ':bytes',
    channel .. ':oldestMs', channel .. ':oldestBytes')
  if known[1] then
    return known[1], tonumber(known[2]), tonumber(known[3]), tonumber(known[4] or 0), tonumber(known[5] or 0)
  end
  local entries = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)
  if #entries == 0 then return '0-0', 0, 0, 0, 0 end
  local newest = fields_of(entries[1])
  return newest.offset, newest.n, newest.bytes + #newest.json, 0, 0
end

-- The read cursor of a user and the number of the last message up to it. One beyond the last message is another log's.
local function read_of(state, channel, last)
  local cursor = redis.call('HMGET', state, channel .. ':read', channel .. ':readN')
  if not cursor[1] or is_after(cursor[1], last) then return '0-0', 0 end
  return cursor[1], tonumber(cursor[2] or 0)
end

-- unread = n(last) - max(n(read), n(oldest) - 1): neither counted up and down nor scanned. What one has sent is never unread.
local function unread_of(inbox, channel, last_n, read_n)
  if channel == 'sent' then return 0 end
  local oldest = oldest_entry(inbox)
  if oldest == nil then return 0 end
  return math.max(0, last_n - math.max(read_n, oldest.n - 1))
end
