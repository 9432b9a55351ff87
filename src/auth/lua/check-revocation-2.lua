#!lua flags=allow-oom
-- Tells whether a token is revoked.
-- KEYS[1] revoked:{user}, string: Unix ms by the store
-- KEYS[2] revoked:{user}:<login>, string; of a token without a login one that never is
-- ARGV[1] when it was issued (Unix ms)
-- Returns 1 where it is, else 0
-- @include time
-- @include revocation
return is_revoked(KEYS[1], KEYS[2], tonumber(ARGV[1]), store_now()) and 1 or 0
