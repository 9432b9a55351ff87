-- Expiry is renewed at most once in `slack` (an hour, or a tenth of a shorter life), not at every write:
-- a key lives at least `ttl` ms after its last write and at most `slack` longer.
local function keep_for(key, ttl)
  local slack = math.min(3600000, math.floor(ttl / 10))
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl + slack) end
end
