-- What others may know of a user: { devices, last seen (Unix ms; '' while online or where never seen),
-- nodeIds of the living entries... }
local function look_of(entries, state, now)
  if #entries == 0 then
    local seen = noted_seen(state, now)
    return { 0, seen and string.format('%.0f', seen) or '' }
  end
  local look, devices, counted = { 0, '' }, 0, {}
  for _, entry in ipairs(entries) do
    if entry.device == '' or not counted[entry.device] then devices = devices + 1 end
    counted[entry.device] = true
    look[#look + 1] = entry.node
  end
  look[1] = devices
  return look
end
