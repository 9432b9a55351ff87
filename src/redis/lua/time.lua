-- The store's clock, in Unix ms.
local function store_now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- By how much the clock has been set back since something was written at that time; 0 where it has not. Nothing is
-- written ahead of the clock: what lies there was written by a clock that was wrong, or before another server took over.
-- Whoever meets such a time moves it back by this, with all that was reckoned from it, and writes it so.
local function set_back_since(written, now)
  return math.max(0, written - now)
end
