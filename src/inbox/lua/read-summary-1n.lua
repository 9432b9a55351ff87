-- Where a user stands in each inbox.
-- KEYS[1] state:{user}, hash
-- KEYS[2...] inbox:{user}:<channel>, stream, one per channel
-- ARGV[1...] channels, in the order of the keys
-- Returns { read, unread, last } of each channel, one after the other
-- @include stream
local state = KEYS[1]
local reply = {}
for i, channel in ipairs(ARGV) do
  local inbox = KEYS[i + 1]
  local last, last_n = last_of(inbox, state, channel)
  local cursor = redis.call('HMGET', state, channel .. ':read', channel .. ':readN')
  reply[#reply + 1] = cursor[1] or '0-0'
  reply[#reply + 1] = unread_of(inbox, last_n, tonumber(cursor[2] or 0))
  reply[#reply + 1] = last
end
return reply
