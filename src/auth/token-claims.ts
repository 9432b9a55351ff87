import type { JwtPayload } from 'jsonwebtoken';
import { BeelineError, isPlainObject, parseUserId } from '../shared';
import type { Identity } from './identity';
import { loginIdOfToken, opaqueLoginId } from './login-id';

/** Why a token is refused: `reason`, a claim's name or a word of ours, is for the log. */
export class TokenRefusal extends BeelineError {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super('unauthorized', message);
  }
}

/** What a token's claims are held against. */
export interface ClaimRules {
  /** By the store's clock. */
  nowMs: number;
  userClaim: string;
  /** How far an issuer's clock may be ahead of the store's. */
  toleranceMs: number;
  /** Whether our own key signs: then by the store's clock, and a revocation cuts exactly. */
  isOwn: boolean;
}

/** Seconds with a fraction are not exact in binary: without it, 1.001 s could read as the millisecond before. */
const ROUNDING_MS = 0.01;
/** The last moment that a Date can tell. */
const LAST_MS = 8.64e15;

/** Of the header, what says which key has signed. */
export interface TokenHeader {
  alg: string;
  kid?: string;
}

/** The header of a token, before its signature has been looked at. */
export function readHeader(token: string): TokenHeader {
  const header = parseHeader(token);
  if (header === undefined) throw new TokenRefusal('malformed', 'the token is malformed');
  const { alg, crit, kid } = header;
  // RFC 7515: who does not understand what is critical refuses it, and there is nothing of that kind here.
  if (crit !== undefined) throw new TokenRefusal('crit', 'the token asks for what is not understood here');
  if (kid !== undefined && typeof kid !== 'string')
    throw new TokenRefusal('kid', 'the token names its key by what is no text');
  if (typeof alg !== 'string') throw new TokenRefusal('alg', 'the token does not say how it is signed');
  return { alg, ...(kid !== undefined && { kid }) };
}

function parseHeader(token: string): Record<string, unknown> | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    return isPlainObject(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

/** Whom a token whose signature is good speaks for. A claim of a wrong type is refused, and named. */
export function readIdentity(token: string, claims: JwtPayload, rules: ClaimRules): Identity {
  const { nowMs, userClaim, toleranceMs, isOwn } = rules;
  const userId = parseUserId(claims[userClaim] as unknown);
  if (userId === undefined) throw new TokenRefusal(userClaim, 'the token names no valid user');
  const expiresAt = readTime(claims, 'exp');
  if (expiresAt === undefined) throw new TokenRefusal('exp', 'the token has no expiry');
  const issuedAt = readTime(claims, 'iat') ?? 0;
  for (const [claim, atMs] of [['nbf', readTime(claims, 'nbf') ?? 0] as const, ['iat', issuedAt] as const]) {
    if (atMs > nowMs + toleranceMs) throw new TokenRefusal(claim, 'the token is not valid yet');
  }
  return {
    userId,
    scopes: readScopes(claims),
    loginId: readLogin(claims) ?? loginIdOfToken(token),
    issuedAt: isOwn ? issuedAt : issuedAt - toleranceMs,
    expiresAt,
  };
}

function readTime(claims: JwtPayload, name: string): number | undefined {
  const seconds: unknown = claims[name];
  if (seconds === undefined) return undefined;
  if (typeof seconds !== 'number' || !(Math.abs(seconds) * 1000 <= LAST_MS))
    throw new TokenRefusal(name, 'the token has a time that is none');
  return Math.floor(seconds * 1000 + ROUNDING_MS);
}

/** RFC 8693 has `scope`, text with spaces; some issuers have `scp`, or an array. */
function readScopes(claims: JwtPayload): Set<string> {
  const name = claims['scope'] === undefined ? 'scp' : 'scope';
  const scope: unknown = claims[name] === undefined ? [] : claims[name];
  const scopes: unknown[] =
    typeof scope === 'string' ? scope.split(' ') : Array.isArray(scope) ? scope : [null];
  if (!scopes.every((one) => typeof one === 'string'))
    throw new TokenRefusal(name, 'the token has scopes that are no text');
  return new Set(scopes.filter((one) => one !== ''));
}

function readLogin(claims: JwtPayload): string | undefined {
  for (const name of ['sid', 'jti']) {
    const login: unknown = claims[name];
    if (login === undefined || login === '') continue;
    if (typeof login !== 'string')
      throw new TokenRefusal(name, 'the token names its login by what is no text');
    return opaqueLoginId(login);
  }
  return undefined;
}
