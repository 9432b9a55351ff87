-- How far messages of one sender have come in a user's inboxes.
-- KEYS[1] state:{user}, hash
-- KEYS[2...] inbox:{user}:<channel>, stream, one per message asked about
-- ARGV[1] the sender who asks
-- ARGV[2...] channel, offset of each message
-- Returns 'sent', 'delivered' or 'read' of each; '' where no message of that sender is (any more)
-- @include offset
-- @include stream
local state, sender = KEYS[1], ARGV[1]
local reply = {}
for i = 2, #KEYS do
  local channel, offset = ARGV[2 * i - 2], ARGV[2 * i - 1]
  local found = redis.call('XRANGE', KEYS[i], offset, offset)
  local from = #found > 0 and string.match(fields_of(found[1]).json, '"from":"([^"]+)"')
  local cursors = redis.call('HMGET', state, channel .. ':read', channel .. ':acked')
  if from ~= sender then reply[#reply + 1] = ''
  elseif cursors[1] and not is_after(offset, cursors[1]) then reply[#reply + 1] = 'read'
  elseif cursors[2] and not is_after(offset, cursors[2]) then reply[#reply + 1] = 'delivered'
  else reply[#reply + 1] = 'sent' end
end
return reply
