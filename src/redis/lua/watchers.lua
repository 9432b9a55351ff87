-- The nodes that want to be told of changes of a user's presence; those past their time are dropped.
local function watching_nodes(watchers, now)
  local flat = redis.call('HGETALL', watchers)
  local nodes = {}
  for i = 1, #flat, 2 do
    if tonumber(flat[i + 1]) >= now then nodes[#nodes + 1] = flat[i]
    else redis.call('HDEL', watchers, flat[i]) end
  end
  return nodes
end
