#!lua flags=allow-oom
-- Moves the read cursor of a user: cumulative, never back, never beyond the last message nor to where none stands.
-- KEYS[1] inbox:{user}:<channel>, stream
-- KEYS[2] state:{user}, hash
-- ARGV[1] channel
-- ARGV[2] offset, or 'last'
-- ARGV[3] time to live of the state (ms)
-- ARGV[4] the last offset that the connection was sent; '' where it is not one that says so
-- Returns { read, unread, 1 where the cursor moved, else 0, then sender, offset of each receipt that is due... }
-- @include offset
-- @include stream
-- @include chain
-- @include expiry
-- @include receipts
local inbox, state, channel = KEYS[1], KEYS[2], ARGV[1]
local last, last_n = last_of(inbox, state, channel)
local read, read_n = read_of(state, channel, last)
local offset = counted(inbox, ARGV[2], ARGV[4], last)
if not is_after(offset, read) then return { read, unread_of(inbox, channel, last_n, read_n), 0 } end

-- The number of the last message up to the offset: where all of those are gone, the one before the oldest kept.
local upto = redis.call('XREVRANGE', inbox, offset, '-', 'COUNT', 1)
if #upto > 0 then
  read_n = fields_of(upto[1]).n
else
  local oldest = oldest_entry(inbox)
  read_n = oldest and oldest.n - 1 or last_n
end
redis.call('HSET', state, channel .. ':read', offset, channel .. ':readN', string.format('%.0f', read_n))
keep_for(state, tonumber(ARGV[3]))
return { offset, unread_of(inbox, channel, last_n, read_n), 1, unpack(receipts_between(inbox, state, channel, read, offset)) }
