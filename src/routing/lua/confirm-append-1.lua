#!lua flags=allow-oom
-- Writes a dedupe record once more, where it is still there as it was: so a WAIT behind this, on the same connection,
-- covers the append that made it, whichever connection that came on. Safe to run twice.
-- KEYS[1] sent:{to}:<channel>/<from>/<clientId or message id>, string, expiring: the dedupe record
-- ARGV[1] the record as the append's answer told it: `<offset> <id>`
-- Returns 1, or 0 where the store has lost the append, or another has taken its place since
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
return 1
