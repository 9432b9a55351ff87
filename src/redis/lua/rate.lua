-- A token bucket (GCRA): the key holds when the bucket will be full again, in Unix ms, and is gone from then on.
-- Spends `cost`, of which one comes back every `interval` ms. Without `into_debt` all of it or nothing. Returns for
-- how many ms this is over `burst`: 0 where it is not, and it was spent.
local function spend_rate(key, now, cost, interval, burst, into_debt)
  local full_at = math.max(now, tonumber(redis.call('GET', key) or 0)) + cost * interval
  local over = math.max(0, math.ceil(full_at - burst * interval - now - 0.001))
  if over == 0 or into_debt then
    redis.call('SET', key, string.format('%.3f', full_at), 'PX', math.max(1, math.ceil(full_at - now)))
  end
  return over
end
