-- Moves the delivered cursor of a device: cumulative, never back, never beyond the last message.
-- KEYS[1] state:{user}, hash
-- ARGV[1] channel
-- ARGV[2] device; '' for one without a name, whose cursor is kept nowhere
-- ARGV[3] offset
-- ARGV[4] devices that may have a cursor on one channel
-- ARGV[5] time to live of the state (ms)
-- Returns the cursor's offset
-- @include time
-- @include offset
-- @include expiry
-- @include cursors
local state, channel, device = KEYS[1], ARGV[1], ARGV[2]
local last = redis.call('HGET', state, channel .. ':last') or '0-0'
local offset = ARGV[3]
if is_after(offset, last) then offset = last end
if device == '' then return offset end
return move_delivered(state, channel, device, offset, tonumber(ARGV[4]), tonumber(ARGV[5]), store_now())
