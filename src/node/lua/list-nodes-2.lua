-- Lists the nodes whose lease has not run out.
-- KEYS[1] nodes, sorted set: nodeId -> lease expiry (Unix ms by the store)
-- KEYS[2] node-info, hash: nodeId -> what it tells, JSON
-- Returns { { nodeId, lease expiry, what it tells }... }
-- @include time
local now = string.format('%.0f', store_now())
local reply = {}
local flat = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'WITHSCORES')
for i = 1, #flat, 2 do
  local info = redis.call('HGET', KEYS[2], flat[i])
  if info then reply[#reply + 1] = { flat[i], flat[i + 1], info } end
end
return reply
