-- What the first entry after `offset` follows: `offset` itself, or something later where retention has cut;
-- something earlier where no entry ever was at `offset`. nil where no entry lies after it.
local function prev_after(inbox, offset)
  local after = redis.call('XRANGE', inbox, '(' .. offset, '+', 'COUNT', 1)
  return #after > 0 and fields_of(after[1]).prev or nil
end

-- Whether there was a message at `offset` in this log: one at which no entry ever was shows that the log has been
-- another since, or that somebody has made it up.
local function is_in_chain(inbox, offset, last)
  if offset == last then return true end
  if is_after(offset, last) then return false end
  local prev = prev_after(inbox, offset)
  return not prev or not is_after(offset, prev)
end

-- How far a cursor moves that is to move to `offset` ('last': outright). An offset that this log does not have counts at
-- most up to `sent`, the last that the connection was sent: it can't know of more. Where this log does not have that
-- either, it says nothing ('0-0'). Without a connection `sent` is '': then it counts as it is, beyond the last as the last.
local function counted(inbox, offset, sent, last)
  if offset == 'last' then return last end
  if is_in_chain(inbox, offset, last) then return offset end
  if sent == '' then return is_after(offset, last) and last or offset end
  if not is_in_chain(inbox, sent, last) then return '0-0' end
  return is_after(offset, sent) and sent or offset
end
