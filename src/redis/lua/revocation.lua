-- Whether a token is revoked: all of its user's up to a time (Unix ms), or its login.
local function is_revoked(revoked_user, revoked_login, issued_at)
  local upto = redis.call('GET', revoked_user)
  return (upto and tonumber(upto) >= issued_at) or redis.call('EXISTS', revoked_login) == 1
end
