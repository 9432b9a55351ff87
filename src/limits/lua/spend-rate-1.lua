#!lua flags=allow-oom
-- Spends from a token bucket that the whole cluster shares, by the store's clock.
-- KEYS[1] bucket:{owner}:<rate>, string, expiring: when it will be full again, and when that was written (Unix ms)
-- ARGV[1] cost; below 0 it is given back
-- ARGV[2] in how many ms one comes back; may have a fraction
-- ARGV[3] burst: what a full bucket holds
-- ARGV[4] 1 to spend in any case and go into debt, 0 to spend all of it or nothing
-- Returns for how many ms it is over the burst, 0 where it is not
-- @include time
-- @include rate
return spend_rate(KEYS[1], store_now(), tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1')
