/** `npm run token -- --sub crm --scope send:any`: signs an access token with the configured secret. */
import { parseArgs } from 'node:util';
import jwt from 'jsonwebtoken';

const { values } = parseArgs({
  options: {
    sub: { type: 'string' },
    scope: { type: 'string' },
    ttl: { type: 'string', default: '86400' },
    help: { type: 'boolean', default: false },
  },
});
const secret = process.env.AUTH_SECRET ?? process.env.JWT_SECRET;
const ttlSeconds = Number(values.ttl);

if (values.help || !values.sub || !Number.isInteger(ttlSeconds) || ttlSeconds < 1) {
  console.error('npm run token -- --sub <user> [--scope "send:any admin"] [--ttl <seconds, 86400>]');
  process.exit(values.help ? 0 : 1);
}
if (!secret || Buffer.byteLength(secret) < 32) {
  console.error('AUTH_SECRET (or JWT_SECRET) must be set, with at least 32 bytes.');
  process.exit(1);
}

const claims = {
  [process.env.JWT_USER_CLAIM ?? 'sub']: values.sub,
  ...(values.scope && { scope: values.scope }),
  ...(process.env.JWT_ISSUER && { iss: process.env.JWT_ISSUER }),
  ...(process.env.JWT_AUDIENCE && { aud: process.env.JWT_AUDIENCE }),
};
console.log(jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: ttlSeconds }));
