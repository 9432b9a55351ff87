-- Which of a user's connections must go: the newest of each device stays, and of the devices the newest
-- `max_devices`. A connection without a device is one of its own. Returns a set of ids.
local function surplus(entries, max_devices)
  table.sort(entries, function(a, b)
    if a.since ~= b.since then return a.since > b.since end
    return a.id > b.id
  end)
  local devices, count, lost = {}, 0, {}
  for _, entry in ipairs(entries) do
    local device = entry.device ~= '' and entry.device or '/' .. entry.id
    if devices[device] or count >= max_devices then
      lost[entry.id] = true
    else
      devices[device] = true
      count = count + 1
    end
  end
  return lost
end
