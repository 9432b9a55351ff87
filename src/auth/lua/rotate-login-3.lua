#!lua flags=allow-oom
-- Uses a refresh token. The newest generation gives the next one; the one before it gives the same answer again
-- for a while (an answer was lost, two tabs asked at once); an older one has been stolen or kept: the login ends,
-- and with it its access tokens.
-- So does one that was last used up to a revocation of its user, whichever generation comes.
-- KEYS[1] login:{user}:<loginId>, hash: generation, rotatedAt (Unix ms by the store)
-- KEYS[2] revoked:{user}, string: no token issued up to then is good (Unix ms), but those of a login named behind it
-- KEYS[3] revoked:{user}:<loginId>, string, expiring
-- ARGV[1] generation of the token
-- ARGV[2] grace in which the generation before the newest is answered again (ms)
-- ARGV[3] time to live without a refresh (ms)
-- Returns { 1, rotatedAt (ms) } where good, { 0 } where there is no such login, { -1 } where it has been ended
-- @include time
-- @include revocation
local now = store_now()
local login = redis.call('HMGET', KEYS[1], 'generation', 'rotatedAt')
if not login[1] then return { 0 } end
local newest, rotated_at, used = tonumber(login[1]), tonumber(login[2]), tonumber(ARGV[1])
local revoked_at = revoked_upto(KEYS[2], KEYS[3], now)
-- Of what was written by a clock set back since nobody can tell what came first: the safe side is that it has ended.
local is_ahead = set_back_since(rotated_at, now) > 0
local function end_login()
  redis.call('DEL', KEYS[1])
  if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[3]) then redis.call('SET', KEYS[3], '1', 'PX', ARGV[3]) end
  return { -1 }
end
if revoked_at and (is_ahead or rotated_at <= revoked_at) then return end_login() end
if is_ahead then
  rotated_at = now
  redis.call('HSET', KEYS[1], 'rotatedAt', string.format('%.0f', now))
end
if used == newest then
  redis.call('HSET', KEYS[1], 'generation', newest + 1, 'rotatedAt', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return { 1, now }
end
if used == newest - 1 and now - rotated_at <= tonumber(ARGV[2]) then return { 1, rotated_at } end
return end_login()
