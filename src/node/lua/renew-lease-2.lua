#!lua flags=allow-oom
-- Takes or renews the lease of a node, keeps what it tells of itself, and looks at who else holds one.
-- KEYS[1] nodes, sorted set: nodeId -> lease expiry (Unix ms by the store)
-- KEYS[2] node-info, hash: nodeId -> what it tells, JSON; nothing of a node that is not in the list
-- ARGV[1] nodeId
-- ARGV[2] lease (ms)
-- ARGV[3] 1 to take a new id's first lease, 0 to renew
-- ARGV[4] what the node tells of itself, JSON, with `leaseMs`
-- Returns { held (1, or 0 where the lease had run out or the entry is missing), now (ms), living nodeIds... }
-- @include time
local now = store_now()
local expiry = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]))
local held = ARGV[3] == '1' or (expiry ~= nil and expiry >= now)
if held then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
end
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now))) do
  redis.call('ZREM', KEYS[1], lost)
  redis.call('HDEL', KEYS[2], lost)
end
-- No lease lasts longer than its node has taken it for: one further ahead was written by a clock set back since.
local overlong = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now + ARGV[2]), '+inf', 'WITHSCORES')
for i = 1, #overlong, 2 do
  local info = redis.call('HGET', KEYS[2], overlong[i])
  local most = now + (tonumber(info and string.match(info, '"leaseMs":(%d+)')) or ARGV[2])
  if tonumber(overlong[i + 1]) > most then
    redis.call('ZADD', KEYS[1], string.format('%.0f', most), overlong[i])
  end
end
-- Only ever put off: a node with a much shorter lease must not take the list from those with longer ones.
local life = ARGV[2] * 10
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < life then redis.call('PEXPIRE', key, life) end
end
local reply = { held and 1 or 0, now }
for _, node in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do reply[#reply + 1] = node end
return reply
