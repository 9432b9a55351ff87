-- A delivered cursor is the field `<channel>:device:<device>` of the state: `<offset> <used>`, used in Unix ms.
local function delivered_field(channel, device)
  return channel .. ':device:' .. device
end

-- No cursor is beyond the last message: one that is is another log's.
local function delivered_of(state, channel, device, last)
  local value = redis.call('HGET', state, delivered_field(channel, device))
  local offset = value and string.match(value, '^%S+')
  return offset and not is_after(offset, last) and offset or nil
end

-- Makes room for one more device: of those on this channel the longest unused goes.
local function drop_longest_unused(state, channel, max_devices)
  local prefix = delivered_field(channel, '')
  local flat = redis.call('HGETALL', state)
  local count, oldest_field, oldest_used = 0, nil, nil
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, #prefix) == prefix then
      local used = tonumber(string.match(flat[i + 1], '(%d+)$'))
      count = count + 1
      if oldest_used == nil or used < oldest_used then oldest_field, oldest_used = flat[i], used end
    end
  end
  if count >= max_devices then redis.call('HDEL', state, oldest_field) end
end

-- Moves the cursor of a named device forward to `offset`, which must not be beyond the last message, `last`.
local function move_delivered(state, channel, device, offset, last, max_devices, state_ttl, now)
  local current = delivered_of(state, channel, device, last)
  if current == nil then
    if offset == '0-0' then return offset end
    drop_longest_unused(state, channel, max_devices)
  elseif not is_after(offset, current) then
    offset = current
  end
  redis.call('HSET', state, delivered_field(channel, device), offset .. ' ' .. string.format('%.0f', now))
  keep_for(state, state_ttl)
  return offset
end
