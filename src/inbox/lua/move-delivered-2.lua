#!lua flags=allow-oom
-- Moves the delivered cursor of a device: cumulative, never back, never beyond the last message nor to where none stands.
-- KEYS[1] inbox:{user}:<channel>, stream
-- KEYS[2] state:{user}, hash
-- ARGV[1] channel
-- ARGV[2] device; '' for one without a name, whose cursor is kept nowhere
-- ARGV[3] offset, or 'last'
-- ARGV[4] devices that may have a cursor on one channel
-- ARGV[5] time to live of the state (ms)
-- ARGV[6] the last offset that the connection was sent; '' where it is not one that says so
-- Returns { the cursor's offset, then sender, offset of each receipt that is due... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include chain
-- @include cursors
-- @include receipts
local inbox, state, channel, device, state_ttl = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[5])
local last = last_of(inbox, state, channel)
local offset = counted(inbox, ARGV[3], ARGV[6], last)
local due = acknowledge(inbox, state, channel, offset, state_ttl)
if device ~= '' then
  offset = move_delivered(state, channel, device, offset, last, tonumber(ARGV[4]), state_ttl, store_now())
end
return { offset, unpack(due) }
