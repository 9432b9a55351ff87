/** What is wrong with a token, as far as one can read it without its key: in words for whoever brought it. */

const MAX_LENGTH = 16_384;
const PARTS = /^[\w-]+\.([\w-]+)\.[\w-]*$/;

/** What a token says of itself, or undefined where it is none. */
export function claimsOf(token) {
  const [, payload] = PARTS.exec(token) ?? [];
  if (payload === undefined) return undefined;
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** Why this can not be a token at all. What is one is for the server to judge, by its clock and its key. */
export function whyNoToken(token) {
  if (token.length > MAX_LENGTH)
    return 'This is too long for an access token: one has at most 16,384 characters.';
  if (claimsOf(token) !== undefined) return undefined;
  return 'This is no access token: one has three parts of letters and digits, with a dot between them.';
}

/** Why the server has refused it, most probably. */
export function whyRefused(token, now = Date.now()) {
  const { exp, nbf } = claimsOf(token) ?? {};
  if (typeof exp !== 'number')
    return 'The server does not accept this token: it does not say when it ends (exp).';
  if (exp * 1000 <= now) return 'This token has run out.';
  if (nbf * 1000 > now) return 'The server does not accept this token: its time has not begun (nbf).';
  return 'The server does not accept this token. It may be signed with another key, be meant for another server, or have been revoked.';
}
