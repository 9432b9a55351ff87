-- Up to when all tokens of a user are refused (Unix ms), those of one login (`revoked:{user}:<login>`) looked at; nil where
-- none is. One that was written by a clock set back since means now, when it is first met: who gets a token after that is
-- let in. A login that is named behind the time is spared.
local function revoked_upto(revoked_user, revoked_login, now)
  local at, spared = string.match(redis.call('GET', revoked_user) or '', '^(%d+) ?(.*)$')
  local upto = tonumber(at)
  if not upto then return nil end
  if upto > now then
    upto = now
    redis.call('SET', revoked_user, string.format('%.0f', now) .. (spared == '' and '' or ' ' .. spared))
  end
  if spared ~= '' and string.sub(revoked_login, -#spared - 1) == ':' .. spared then return nil end
  return upto
end

-- Whether a token is revoked: all of its user's up to a time (Unix ms), or its login.
local function is_revoked(revoked_user, revoked_login, issued_at, now)
  local upto = revoked_upto(revoked_user, revoked_login, now)
  return (upto and upto >= issued_at) or redis.call('EXISTS', revoked_login) == 1
end
