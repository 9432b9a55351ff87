import { createHash } from 'node:crypto';

const KEY_SAFE = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The name of a login as a part of a key. Ours are such names already; those of an outside issuer can be any text:
 * long, with braces or separators. A digest keeps them apart from each other all the same.
 */
export function opaqueLoginId(text: string): string {
  return KEY_SAFE.test(text) ? text : `h-${digestOf(text)}`;
}

/**
 * The login of a token that names none: the token itself, and no other. Of what is signed alone: the signature of one
 * token can be written in several ways.
 */
export function loginIdOfToken(token: string): string {
  return `t-${digestOf(token.slice(0, token.lastIndexOf('.')))}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
