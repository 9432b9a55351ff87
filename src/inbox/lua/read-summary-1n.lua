-- Where a user stands in each inbox.
-- KEYS[1] state:{user}, hash
-- KEYS[2...] inbox:{user}:<channel>, stream, one per channel
-- ARGV[1...] channels, in the order of the keys
-- Returns { read, unread, last } of each channel, one after the other
-- @include offset
-- @include stream
local state = KEYS[1]
local reply = {}
for i, channel in ipairs(ARGV) do
  local inbox = KEYS[i + 1]
  local last, last_n = last_of(inbox, state, channel)
  local read, read_n = read_of(state, channel, last)
  reply[#reply + 1] = read
  reply[#reply + 1] = unread_of(inbox, channel, last_n, read_n)
  reply[#reply + 1] = last
end
return reply
