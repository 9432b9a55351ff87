-- Lets a user write to a receiver: free to one written to before, at a rate to a new one, who is remembered.
-- KEYS[1] contacts:{user}, sorted set, expiring: receiver -> when last written to (Unix ms)
-- KEYS[2] bucket:{user}:<rate>, string, expiring: the bucket of new receivers
-- ARGV[1] the receiver
-- ARGV[2] in how many ms one new receiver comes back; may have a fraction
-- ARGV[3] burst of new receivers
-- ARGV[4] contacts that are kept
-- ARGV[5] for how long one who is not written to is kept (ms)
-- Returns 0 where admitted, otherwise after how many ms the receiver would be
-- @include time
-- @include rate
-- @include expiry
local now, ttl = store_now(), tonumber(ARGV[5])
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not last or tonumber(last) <= now - ttl then
  local over = spend_rate(KEYS[2], now, 1, tonumber(ARGV[2]), tonumber(ARGV[3]), false)
  if over > 0 then return over end
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ttl))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[4]))
keep_for(KEYS[1], ttl)
return 0
