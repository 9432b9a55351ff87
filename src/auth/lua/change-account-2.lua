#!lua flags=allow-oom
-- Changes one field of a local account, where there is one, and may refuse with it every token issued up to now.
-- KEYS[1] account:{user}, hash
-- KEYS[2] revoked:{user}, string: Unix ms by the store, then the login that is spared
-- ARGV[1] field
-- ARGV[2] its new value
-- ARGV[3] what it must be before, '' for whatever it is
-- ARGV[4] 1 where tokens are refused
-- ARGV[5] the login that is spared, '' for none
-- Returns 1, or 0 where there is no such account, or the field is another
-- @include time
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[4] == '1' then
  redis.call('SET', KEYS[2], string.format('%.0f', store_now()) .. (ARGV[5] == '' and '' or ' ' .. ARGV[5]))
end
return 1
