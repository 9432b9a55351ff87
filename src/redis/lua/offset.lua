-- Offsets are `<ms>-<n>` and compare by their two numbers, never as text.
local function split_offset(offset)
  local ms, n = string.match(offset, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

local function is_after(a, b)
  local a_ms, a_n = split_offset(a)
  local b_ms, b_n = split_offset(b)
  if a_ms ~= b_ms then return a_ms > b_ms end
  return a_n > b_n
end
