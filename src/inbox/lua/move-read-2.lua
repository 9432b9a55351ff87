#!lua flags=allow-oom
-- Moves the read cursor of a user: cumulative, never back, never beyond the last message.
-- KEYS[1] inbox:{user}:<channel>, stream
-- KEYS[2] state:{user}, hash
-- ARGV[1] channel
-- ARGV[2] offset
-- ARGV[3] time to live of the state (ms)
-- Returns { read, unread, 1 where the cursor moved, else 0, then sender, offset of each receipt that is due... }
-- @include offset
-- @include stream
-- @include expiry
-- @include receipts
local inbox, state, channel = KEYS[1], KEYS[2], ARGV[1]
local last, last_n = last_of(inbox, state, channel)
local cursor = redis.call('HMGET', state, channel .. ':read', channel .. ':readN')
local read, read_n = cursor[1] or '0-0', tonumber(cursor[2] or 0)
local offset = ARGV[2]
if is_after(offset, last) then offset = last end
if not is_after(offset, read) then return { read, unread_of(inbox, last_n, read_n), 0 } end

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
return { offset, unread_of(inbox, last_n, read_n), 1, unpack(receipts_between(inbox, state, channel, read, offset)) }
