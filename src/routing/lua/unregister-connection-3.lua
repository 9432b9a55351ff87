#!lua flags=allow-oom
-- Takes connections out of presence; ids are never used twice, so none of another's can be hit.
-- KEYS[1] presence:{user}, hash
-- KEYS[2] state:{user}, hash
-- KEYS[3] watchers:{user}, hash
-- ARGV[1] nodeId: entries of other nodes stay
-- ARGV[2] time to live of the state (ms)
-- ARGV[3] for how long a node watches at most (ms)
-- ARGV[4] number of connectionIds C
-- ARGV[5...] C times connectionId, then nodes known to be dead
-- Returns { nodeIds that watch the user... }
-- @include time
-- @include expiry
-- @include presence
-- @include watchers
local presence, state, count = KEYS[1], KEYS[2], tonumber(ARGV[4])
local removed, now = 0, store_now()
for i = 5, 4 + count do
  local value = redis.call('HGET', presence, ARGV[i])
  if value and parse_entry(ARGV[i], value).node == ARGV[1] then
    removed = removed + redis.call('HDEL', presence, ARGV[i])
  end
end
if removed > 0 then note_seen(state, now, now, tonumber(ARGV[2])) end
living_entries(presence, state, now, set_of(ARGV, 5 + count, #ARGV - 4 - count), tonumber(ARGV[2]))
return watching_nodes(KEYS[3], now, tonumber(ARGV[3]))
