-- Each watch ends later than the one before it, so that many at once run a little ahead of the clock.
local AHEAD_OF_CLOCK = 1000

-- Until when a node watches, at most `ahead` ms from now: a time further ahead was written by a clock set back since.
local function watched_until(till, now, ahead)
  if till > now + ahead + AHEAD_OF_CLOCK then return now + ahead end
  return till
end

-- The nodes that want to be told of changes of a user's presence; those past their time are dropped.
local function watching_nodes(watchers, now, ahead)
  local flat = redis.call('HGETALL', watchers)
  local nodes = {}
  for i = 1, #flat, 2 do
    local till = tonumber(flat[i + 1])
    local most = watched_until(till, now, ahead)
    if most < till then redis.call('HSET', watchers, flat[i], string.format('%.0f', most)) end
    if till >= now then nodes[#nodes + 1] = flat[i]
    else redis.call('HDEL', watchers, flat[i]) end
  end
  return nodes
end
