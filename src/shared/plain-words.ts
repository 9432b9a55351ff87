import { codeOf } from './errors';

/** What the codes of connections mean. What Redis itself answers is in plain words already. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed by the other side',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host: the name server does not answer',
  ETIMEDOUT: 'no connection in time',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS is not what the server speaks: redis:// in place of rediss://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'TLS is not what the server speaks: redis:// in place of rediss://?',
};
const MAX_LENGTH = 300;

/** What went wrong at the bottom of an error, in one line for whoever runs the node. */
export function inPlainWords(error: unknown): string {
  const words = [...new Set(causesOf(error).map(wordsOf))].join('; ');
  return words.replaceAll(/\s+/g, ' ').slice(0, MAX_LENGTH);
}

/** Wrappers tell nothing; of several attempts each tells something. */
function causesOf(error: unknown): unknown[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(causesOf);
  if (typeof error !== 'object' || error === null) return [error];
  const { cause, lastNodeError } = error as { cause?: unknown; lastNodeError?: unknown };
  const below = cause ?? lastNodeError;
  return below === undefined || below === null ? [error] : causesOf(below);
}

function wordsOf(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : WORDS[code];
  if (known !== undefined) return `${known} (${code})`;
  return error instanceof Error && error.message !== '' ? error.message : (code ?? String(error));
}
