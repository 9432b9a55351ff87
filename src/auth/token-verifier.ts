import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Algorithm, type JwtPayload, verify } from 'jsonwebtoken';
import { JwksClient, SigningKeyNotFoundError } from 'jwks-rsa';
import { Config } from '../config';
import { Logger, OnceAMinute } from '../logging';
import { badRequest, BeelineError, isPlainObject, StoreClock } from '../shared';
import type { Identity } from './identity';
import { type ClaimRules, readHeader, readIdentity, TokenRefusal } from './token-claims';

/** A key that is ready to verify with, and the algorithms that it, not the token, allows. */
interface PreparedKey {
  key: KeyObject;
  algorithms: Algorithm[];
}

const MAX_TOKEN_LENGTH = 16_384;
const JWKS_TIMEOUT_MS = 5000;
const JWKS_MAX_REQUESTS_PER_MINUTE = 10;

/**
 * Token → identity. The key object is prepared once: with it a verification costs microseconds, while a key
 * given as text is parsed anew for each token.
 */
@Injectable()
export class TokenVerifier {
  private readonly findKey: (kid: string | undefined) => PreparedKey | Promise<PreparedKey>;
  private readonly refusals = new OnceAMinute();

  constructor(
    private readonly config: Config,
    private readonly clock: StoreClock,
    private readonly logger: Logger,
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

  /**
   * Throws `unauthorized` for whatever is not a valid token of ours, `bad_request` for one that is too long, and
   * `unavailable` where keys can't be fetched.
   */
  async verify(token: unknown): Promise<Identity> {
    if (typeof token !== 'string' || token === '')
      throw new BeelineError('unauthorized', 'a token is missing');
    if (token.length > MAX_TOKEN_LENGTH)
      throw badRequest([{ field: 'token', problem: `must have at most ${MAX_TOKEN_LENGTH} characters` }]);
    try {
      const header = readHeader(token);
      const { key, algorithms } = await this.findKey(header.kid);
      return readIdentity(token, this.readClaims(token, key, algorithms), this.rules());
    } catch (error) {
      if (error instanceof TokenRefusal) this.tell(error.reason);
      throw error;
    }
  }

  /** What is wrong with strangers' tokens is the operator's to know, and never the token. */
  private tell(reason: string): void {
    const count = this.refusals.due(reason);
    if (count !== undefined) this.logger.info({ reason, count }, 'token refused');
  }

  private rules(): ClaimRules {
    const { jwtUserClaim, jwtClockToleranceMs, tokenKey } = this.config;
    const nowMs = this.clock.now();
    return {
      nowMs,
      userClaim: jwtUserClaim,
      toleranceMs: jwtClockToleranceMs,
      isOwn: tokenKey.kind === 'own',
    };
  }

  private readClaims(token: string, key: KeyObject, algorithms: Algorithm[]): JwtPayload {
    const { jwtIssuer, jwtAudience } = this.config;
    try {
      const claims = verify(token, key, {
        algorithms,
        ignoreNotBefore: true,
        clockTimestamp: Math.floor(this.clock.now() / 1000),
        ...(jwtIssuer === undefined ? {} : { issuer: jwtIssuer }),
        ...(jwtAudience === undefined ? {} : { audience: jwtAudience }),
      });
      if (isPlainObject(claims)) return claims;
    } catch (cause) {
      throw refusalOf(cause);
    }
    throw new TokenRefusal('claims', 'the token has no claims');
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
function findKeyInJwks(url: string): (kid: string | undefined) => Promise<PreparedKey> {
  const client = new JwksClient({
    jwksUri: url,
    cache: true,
    rateLimit: true,
    jwksRequestsPerMinute: JWKS_MAX_REQUESTS_PER_MINUTE,
    timeout: JWKS_TIMEOUT_MS,
  });
  const preparedByPem = new Map<string, PreparedKey>();
  const lastPemByKid = new Map<string | undefined, string>();
  return async (kid) => {
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
      throw new TokenRefusal('kid', 'the token is signed with a key that its issuer does not publish');
    }
    if (last !== undefined) return last;
    throw new BeelineError('unavailable', 'the keys of the token issuer can not be fetched', { cause });
  }
}

/** Which of its parts is at fault, by the library's words. */
const REASONS: readonly [words: RegExp, reason: string][] = [
  [/^jwt expired|^invalid exp/, 'exp'],
  [/^jwt issuer/, 'iss'],
  [/^jwt audience/, 'aud'],
  [/signature/, 'signature'],
  [/algorithm/, 'alg'],
];

function refusalOf(cause: unknown): TokenRefusal {
  const words = cause instanceof Error ? cause.message : '';
  const reason = REASONS.find(([pattern]) => pattern.test(words))?.[1] ?? 'malformed';
  const hasExpired = cause instanceof Error && cause.name === 'TokenExpiredError';
  return new TokenRefusal(reason, hasExpired ? 'the token has expired' : 'the token is not valid');
}
