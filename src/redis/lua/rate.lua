-- A token bucket (GCRA): the key holds `<full> <written>`, when the bucket will be full again and when that was written,
-- in Unix ms, and is gone once it is full.
-- Spends `cost`, of which one comes back every `interval` ms. Without `into_debt` all of it or nothing. Returns for
-- how many ms this is over `burst`: 0 where it is not, and it was spent.
local function spend_rate(key, now, cost, interval, burst, into_debt)
  local full, written = string.match(redis.call('GET', key) or '0 0', '^(%S+) (%S+)$')
  local back = set_back_since(tonumber(written), now)
  local before = math.max(now, tonumber(full) - back)
  local full_at = before + cost * interval
  local over = math.max(0, math.ceil(full_at - burst * interval - now - 0.001))
  local is_spent = over == 0 or into_debt
  if not is_spent then full_at = before end
  if is_spent or back > 0 then
    redis.call('SET', key, string.format('%.3f %.0f', full_at, now), 'PX', math.max(1, math.ceil(full_at - now)))
  end
  return over
end
