-- A presence entry is `<until> <seen> <since> <node> <device>`: times in Unix ms by the store, device empty
-- where the connection has none. `seen` is when a sweep (or the registration) last vouched for it.
local function parse_entry(id, value)
  local till, seen, since, node, device = string.match(value, '^(%d+) (%d+) (%d+) (%S+) (%S*)$')
  return { id = id, till = tonumber(till), seen = tonumber(seen), since = tonumber(since), node = node, device = device }
end

local function write_entry(presence, entry)
  local value = string.format('%.0f %.0f %.0f %s %s', entry.till, entry.seen, entry.since, entry.node, entry.device)
  redis.call('HSET', presence, entry.id, value)
end

-- The key outlives its entries by far: when one that ran out was last vouched for is to be read off it.
local function keep_entries(presence, ahead, state_ttl)
  keep_for(presence, math.max(state_ttl, 2 * ahead))
end

local function set_of(list, first, count)
  local set = {}
  for i = first, first + count - 1 do set[list[i]] = true end
  return set
end

-- When a user was last seen, as it was noted; nil where never.
local function noted_seen(state, now)
  local seen = tonumber(redis.call('HGET', state, 'seen'))
  return seen and seen - set_back_since(seen, now)
end

-- Notes that a connection has gone which was last vouched for at `seen`. It is not always the one seen last that
-- goes last: a dead node's is found out later. So the latest time stays, and is noted though others are here.
local function note_seen(state, seen, now, state_ttl)
  redis.call('HSET', state, 'seen', string.format('%.0f', math.max(seen, noted_seen(state, now) or 0)))
  keep_for(state, state_ttl)
end

-- The living connections of a user. Entries past their `until`, and entries of nodes known to be dead, are
-- dropped: the user was seen there when they were last vouched for.
local function living_entries(presence, state, now, dead, state_ttl)
  local flat = redis.call('HGETALL', presence)
  local living, gone, seen = {}, {}, 0
  for i = 1, #flat, 2 do
    local entry = parse_entry(flat[i], flat[i + 1])
    local back = set_back_since(entry.seen, now)
    if back > 0 then
      entry.till, entry.seen = entry.till - back, entry.seen - back
      write_entry(presence, entry)
    end
    if entry.till < now or dead[entry.node] then
      gone[#gone + 1] = entry.id
      seen = math.max(seen, entry.seen)
    else
      living[#living + 1] = entry
    end
  end
  if #gone > 0 then
    redis.call('HDEL', presence, unpack(gone))
    note_seen(state, seen, now, state_ttl)
  end
  return living
end
