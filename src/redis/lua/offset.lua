-- Offsets are `<ms>-<n>` and compare by their two numbers, never as text.
local function split_offset(offset)
  local ms, n = string.match(offset, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

-- What comes after `last`: the clock's time, or a step further where it stands or has been set back. An offset is an
-- identity, so the number behind the dash takes a leap that the message's random id decides (its last five hex digits): where
-- a failover has lost a message, no other gets its place.
local function next_offset(last, now, id)
  local last_ms, last_n = split_offset(last)
  local leap = tonumber(string.sub(id, -5), 16) or 0
  if now > last_ms then return string.format('%.0f-%.0f', now, leap) end
  return string.format('%.0f-%.0f', last_ms, last_n + 1 + leap)
end

local function is_after(a, b)
  local a_ms, a_n = split_offset(a)
  local b_ms, b_n = split_offset(b)
  if a_ms ~= b_ms then return a_ms > b_ms end
  return a_n > b_n
end
