-- Up to when all tokens of a user are refused (Unix ms); nil where none is. One that was written by a clock set back since
-- means now, when it is first met: who gets a token after that is let in.
local function revoked_upto(revoked_user, now)
  local upto = tonumber(redis.call('GET', revoked_user))
  if upto and upto > now then
    upto = now
    redis.call('SET', revoked_user, string.format('%.0f', now))
  end
  return upto
end

-- Whether a token is revoked: all of its user's up to a time (Unix ms), or its login.
local function is_revoked(revoked_user, revoked_login, issued_at, now)
  local upto = revoked_upto(revoked_user, now)
  return (upto and upto >= issued_at) or redis.call('EXISTS', revoked_login) == 1
end
