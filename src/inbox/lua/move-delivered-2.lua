#!lua flags=allow-oom
-- Moves the delivered cursor of a device: cumulative, never back, never beyond the last message.
-- KEYS[1] inbox:{user}:<channel>, stream
-- KEYS[2] state:{user}, hash
-- ARGV[1] channel
-- ARGV[2] device; '' for one without a name, whose cursor is kept nowhere
-- ARGV[3] offset
-- ARGV[4] devices that may have a cursor on one channel
-- ARGV[5] time to live of the state (ms)
-- Returns { the cursor's offset, then sender, offset of each receipt that is due... }
-- @include time
-- @include offset
-- @include expiry
-- @include stream
-- @include cursors
-- @include receipts
local inbox, state, channel, device, state_ttl = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[5])
local last = last_of(inbox, state, channel)
local offset = ARGV[3]
if is_after(offset, last) then offset = last end
local due = acknowledge(inbox, state, channel, offset, state_ttl)
if device ~= '' then
  offset = move_delivered(state, channel, device, offset, tonumber(ARGV[4]), state_ttl, store_now())
end
return { offset, unpack(due) }
