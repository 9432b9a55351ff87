import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Algorithm, decode, type JwtPayload, verify } from 'jsonwebtoken';
import { JwksClient, SigningKeyNotFoundError } from 'jwks-rsa';
import { Config } from '../config';
import { BeelineError, parseUserId, StoreClock } from '../shared';
import type { Identity } from './identity';
import { opaqueLoginId } from './login-id';

/** A key that is ready to verify with, and the algorithms that it, not the token, allows. */
interface PreparedKey {
  key: KeyObject;
  algorithms: Algorithm[];
}

const MAX_TOKEN_LENGTH = 8192;
/** Seconds with a fraction are not exact in binary: without it, 1.001 s could read as the millisecond before. */
const IAT_ROUNDING_MS = 0.01;
const JWKS_TIMEOUT_MS = 5000;
const JWKS_MAX_REQUESTS_PER_MINUTE = 10;

/**
 * Token → identity. The key object is prepared once: with it a verification costs microseconds, while a key
 * given as text is parsed anew for each token.
 */
@Injectable()
export class TokenVerifier {
  private readonly findKey: (token: string) => PreparedKey | Promise<PreparedKey>;

  constructor(
    private readonly config: Config,
    private readonly clock: StoreClock,
  ) {
    const { tokenKey } = config;
    if (tokenKey.kind === 'jwks') {
      this.findKey = findKeyInJwks(tokenKey.url);
    } else {
      const prepared =
        tokenKey.kind === 'public-key' ? preparePublicKey(tokenKey.key) : prepareSecret(tokenKey.secret);
      this.findKey = () => prepared;
    }
  }

  /** Throws `unauthorized` for whatever is not a valid token of ours, `unavailable` where keys can't be fetched. */
  async verify(token: unknown): Promise<Identity> {
    if (typeof token !== 'string' || token === '')
      throw new BeelineError('unauthorized', 'a token is missing');
    if (token.length > MAX_TOKEN_LENGTH) throw new BeelineError('unauthorized', 'the token is too long');
    const { key, algorithms } = await this.findKey(token);
    return this.toIdentity(this.readClaims(token, key, algorithms));
  }

  private readClaims(token: string, key: KeyObject, algorithms: Algorithm[]): JwtPayload {
    const { jwtIssuer, jwtAudience } = this.config;
    try {
      const claims = verify(token, key, {
        algorithms,
        clockTimestamp: Math.floor(this.clock.now() / 1000),
        ...(jwtIssuer === undefined ? {} : { issuer: jwtIssuer }),
        ...(jwtAudience === undefined ? {} : { audience: jwtAudience }),
      });
      if (typeof claims !== 'string') return claims;
    } catch (cause) {
      throw new BeelineError('unauthorized', reasonOf(cause), { cause });
    }
    throw new BeelineError('unauthorized', 'the token has no claims');
  }

  private toIdentity(claims: JwtPayload): Identity {
    const userId = parseUserId(claims[this.config.jwtUserClaim] as unknown);
    if (userId === undefined) throw new BeelineError('unauthorized', 'the token names no valid user');
    if (typeof claims.exp !== 'number') throw new BeelineError('unauthorized', 'the token has no expiry');
    const loginId: unknown = claims['sid'] ?? claims.jti;
    const scope: unknown = claims['scope'];
    return {
      userId,
      scopes: new Set(typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []),
      loginId: typeof loginId === 'string' ? opaqueLoginId(loginId) : undefined,
      issuedAt: typeof claims.iat === 'number' ? Math.floor(claims.iat * 1000 + IAT_ROUNDING_MS) : 0,
      expiresAt: claims.exp * 1000,
    };
  }
}

function prepareSecret(secret: string): PreparedKey {
  return { key: createSecretKey(Buffer.from(secret)), algorithms: ['HS256'] };
}

const CURVE_ALGORITHMS: Record<string, Algorithm> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

function preparePublicKey(key: KeyObject): PreparedKey {
  if (key.asymmetricKeyType === 'rsa') {
    return { key, algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] };
  }
  const algorithm = CURVE_ALGORITHMS[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (algorithm === undefined)
    throw new BeelineError('unauthorized', 'the key is of a kind that is not supported');
  return { key, algorithms: [algorithm] };
}

/** Keys by `kid`, fetched when first met and kept; how often the issuer is asked is limited. */
function findKeyInJwks(url: string): (token: string) => Promise<PreparedKey> {
  const client = new JwksClient({
    jwksUri: url,
    cache: true,
    rateLimit: true,
    jwksRequestsPerMinute: JWKS_MAX_REQUESTS_PER_MINUTE,
    timeout: JWKS_TIMEOUT_MS,
  });
  const preparedByPem = new Map<string, PreparedKey>();
  const lastPemByKid = new Map<string | undefined, string>();
  return async (text) => {
    const token = decode(text, { complete: true });
    if (token === null) throw new BeelineError('unauthorized', 'the token is malformed');
    const { kid } = token.header;
    const pem = await fetchPem(client, kid, lastPemByKid.get(kid));
    lastPemByKid.set(kid, pem);
    let prepared = preparedByPem.get(pem);
    if (prepared === undefined) {
      prepared = preparePublicKey(createPublicKey(pem));
      preparedByPem.set(pem, prepared);
    }
    return prepared;
  };
}

/** Where the issuer can't be asked (away, or asked too often by tokens with made-up keys), what it last said counts. */
async function fetchPem(
  client: JwksClient,
  kid: string | undefined,
  last: string | undefined,
): Promise<string> {
  try {
    return (await client.getSigningKey(kid)).getPublicKey();
  } catch (cause) {
    if (cause instanceof SigningKeyNotFoundError) {
      throw new BeelineError(
        'unauthorized',
        'the token is signed with a key that its issuer does not publish',
        { cause },
      );
    }
    if (last !== undefined) return last;
    throw new BeelineError('unavailable', 'the keys of the token issuer can not be fetched', { cause });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'TokenExpiredError'
    ? 'the token has expired'
    : 'the token is not valid';
}
