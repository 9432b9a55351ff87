/**
 * `npm run -s token -- --sub crm --scope send:any`: signs an access token with the secret of the environment, of the
 * file `.env`, or of the data directory. It prints the token alone; without `-s` npm prints two lines of its own before it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
if (existsSync('.env')) process.loadEnvFile('.env');
const secret = process.env.AUTH_SECRET ?? process.env.JWT_SECRET ?? keptSecret();
const ttlSeconds = Number(values.ttl);

if (values.help || !values.sub || !Number.isInteger(ttlSeconds) || ttlSeconds < 1) {
  console.error('npm run -s token -- --sub <user> [--scope "send:any admin"] [--ttl <seconds, 86400>]');
  process.exit(values.help ? 0 : 1);
}
if (!secret || Buffer.byteLength(secret) < 32) {
  console.error(
    'AUTH_SECRET (or JWT_SECRET) must be set, with at least 32 bytes, or DATA_DIR hold the secret of a node that was started.',
  );
  process.exit(1);
}

const claims = {
  [process.env.JWT_USER_CLAIM ?? 'sub']: values.sub,
  ...(values.scope && { scope: values.scope }),
  ...(process.env.JWT_ISSUER && { iss: process.env.JWT_ISSUER }),
  ...(process.env.JWT_AUDIENCE && { aud: process.env.JWT_AUDIENCE }),
};
console.log(jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: ttlSeconds }));

/** What a node with the embedded store made for itself at its first start. */
function keptSecret() {
  const file = join(process.env.DATA_DIR ?? 'data', 'secret');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
