import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { sign } from 'jsonwebtoken';
import { parseUserId, type UserId } from '../shared';

/** A refresh token, taken apart. */
export interface RefreshToken {
  userId: UserId;
  loginId: string;
  generation: number;
}

/** 96 bits. */
const DIGEST_LENGTH = 16;

/**
 * Signs with our own key. Tokens are functions of what they say: the same login, generation and time give the
 * same pair, which is how a repeated refresh gets the same answer without anything secret being stored.
 */
export class TokenSigner {
  private readonly key: KeyObject;

  constructor(
    private readonly secret: string,
    private readonly userClaim: string,
  ) {
    this.key = createSecretKey(Buffer.from(secret));
  }

  /**
   * `issuedAtMs` by the store, kept to the millisecond (RFC 7519 allows fractions): a token made in the second of a
   * revocation, but after it, is good. The expiry is a whole second, and never before `ttlMs` have passed.
   */
  signAccess(userId: string, issuedAtMs: number, ttlMs: number, claims: Record<string, string>): string {
    const payload = {
      ...claims,
      [this.userClaim]: userId,
      iat: issuedAtMs / 1000,
      exp: Math.ceil((issuedAtMs + ttlMs) / 1000),
    };
    return sign(payload, this.key, { algorithm: 'HS256' });
  }

  /** `<user>.<login>.<generation>.<mac>`: the store needs to keep only the newest generation. */
  signRefresh({ userId, loginId, generation }: RefreshToken): string {
    const text = `${Buffer.from(userId).toString('base64url')}.${loginId}.${generation}`;
    return `${text}.${this.macOf(text)}`;
  }

  /** Undefined for what was not signed here. */
  readRefresh(token: string): RefreshToken | undefined {
    const [user, loginId, generation, mac, ...rest] = token.split('.');
    if (user === undefined || loginId === undefined || generation === undefined || mac === undefined)
      return undefined;
    const expected = Buffer.from(this.macOf(`${user}.${loginId}.${generation}`));
    const given = Buffer.from(mac);
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
      return undefined;
    const userId = parseUserId(Buffer.from(user, 'base64url').toString());
    return userId === undefined ? undefined : { userId, loginId, generation: Number(generation) };
  }

  /** What names something without telling it to anybody who has not got the key. */
  digestOf(text: string): string {
    return this.mac(text).slice(0, DIGEST_LENGTH);
  }

  private macOf(text: string): string {
    return this.mac(`refresh ${text}`);
  }

  private mac(text: string): string {
    return createHmac('sha256', this.secret).update(`beeline ${text}`).digest('base64url');
  }
}
