#!lua flags=allow-oom
-- Ends a login: its access tokens are refused until none of them can be good any more, its refresh tokens for ever.
-- KEYS[1] revoked:{user}:<loginId>, string, expiring
-- KEYS[2] login:{user}:<loginId>, hash; there is none where an outside issuer keeps the logins
-- ARGV[1] time until no token of the login can be good (ms)
-- Returns 1
-- Said twice, the later date counts: another token of the login may live longer.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
redis.call('DEL', KEYS[2])
return 1
