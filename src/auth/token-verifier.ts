import { createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Algorithm, type JwtPayload, verify } from 'jsonwebtoken';
import { Config } from '../config';
import { Logger, OnceAMinute } from '../logging';
import { badRequest, BeelineError, isPlainObject, StoreClock } from '../shared';
import type { Identity } from './identity';
import { KeySet } from './key-set';
import { type ClaimRules, readHeader, readIdentity, type TokenHeader, TokenRefusal } from './token-claims';

/** A key that is ready to verify with, and the algorithms that it, not the token, allows. */
interface PreparedKey {
  key: KeyObject;
  algorithms: Algorithm[];
}

const MAX_TOKEN_LENGTH = 16_384;

/**
 * Token → identity. The key object is prepared once: with it a verification costs microseconds, while a key
 * given as text is parsed anew for each token.
 */
@Injectable()
export class TokenVerifier {
  private readonly findKey: (header: TokenHeader) => PreparedKey | Promise<PreparedKey>;
  private readonly refusals = new OnceAMinute();
  private readonly outages = new OnceAMinute();

  constructor(
    private readonly config: Config,
    private readonly clock: StoreClock,
    private readonly logger: Logger,
  ) {
    const { tokenKey } = config;
    if (tokenKey.kind === 'jwks') {
      const keys = new KeySet(tokenKey.url, (err) => this.tellOutage(err));
      this.findKey = async (header) => preparePublicKey(await keys.find(header));
    } else {
      const prepared =
        tokenKey.kind === 'public-key' ? preparePublicKey(tokenKey.key) : prepareSecret(tokenKey.secret);
      this.findKey = () => prepared;
    }
  }

  /**
   * Throws `unauthorized` for whatever is not a valid token of ours, `bad_request` for one that is too long, and
   * `unavailable` where keys cannot be fetched.
   */
  async verify(token: unknown): Promise<Identity> {
    if (typeof token !== 'string' || token === '')
      throw new BeelineError('unauthorized', 'a token is missing');
    if (token.length > MAX_TOKEN_LENGTH)
      throw badRequest([{ field: 'token', problem: `must have at most ${MAX_TOKEN_LENGTH} characters` }]);
    try {
      const { key, algorithms } = await this.findKey(readHeader(token));
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

  private tellOutage(err: Error): void {
    const count = this.outages.due('keys');
    if (count !== undefined) this.logger.warn({ err, count }, 'key set not fetched');
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
