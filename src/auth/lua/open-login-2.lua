-- Opens a login of a local account: generation 1 of its refresh tokens. A disabled account gets none.
-- KEYS[1] login:{user}:<loginId>, hash: generation, rotatedAt (Unix ms by the store)
-- KEYS[2] account:{user}, hash: passwordHash, disabled (1 where it is), `place:<place>` of each place that logins came from
--         -> when last (Unix ms)
-- ARGV[1] time to live without a refresh (ms)
-- ARGV[2] the place, opaque
-- ARGV[3] places that are kept
-- ARGV[4] the hash that the password was compared with
-- Returns now (ms), 0 where the account is disabled, or -1 where it has another password by now
-- @include time
local now = store_now()
local account = redis.call('HMGET', KEYS[2], 'disabled', 'passwordHash')
if account[1] == '1' then return 0 end
if account[2] and account[2] ~= ARGV[4] then return -1 end
redis.call('HSET', KEYS[1], 'generation', 1, 'rotatedAt', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if not account[2] then return now end

redis.call('HSET', KEYS[2], 'place:' .. ARGV[2], string.format('%.0f', now))
local fields, places = redis.call('HGETALL', KEYS[2]), {}
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 6) == 'place:' then
    places[#places + 1] = { field = fields[i], at = tonumber(fields[i + 1]) }
  end
end
table.sort(places, function(a, b) return a.at > b.at end)
for i = tonumber(ARGV[3]) + 1, #places do redis.call('HDEL', KEYS[2], places[i].field) end
return now
