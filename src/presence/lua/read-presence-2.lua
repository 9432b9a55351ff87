-- Whether a user is here, with how many devices, or since when not.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- ARGV[1] time to live of the state (ms)
-- ARGV[2...] nodes known to be dead
-- Returns { devices, last seen (Unix ms; '' while online or where never seen), nodeIds of the living entries... }
-- @include time
-- @include expiry
-- @include presence
local entries = living_entries(KEYS[1], KEYS[2], store_now(), set_of(ARGV, 2, #ARGV - 1), tonumber(ARGV[1]))
if #entries == 0 then return { 0, redis.call('HGET', KEYS[2], 'seen') or '' } end
local reply, devices, counted = { 0, '' }, 0, {}
for _, entry in ipairs(entries) do
  if entry.device == '' or not counted[entry.device] then devices = devices + 1 end
  counted[entry.device] = true
  reply[#reply + 1] = entry.node
end
reply[1] = devices
return reply
