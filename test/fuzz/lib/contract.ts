/** What may be answered, by shape: an answer has these fields and no others. */
const FIELDS: Record<string, readonly string[]> = {
  'message:send': ['id', 'offset', 'sentAt', 'duplicate'],
  'inbox:ack': ['channel', 'delivered'],
  'inbox:read': ['channel', 'read', 'unread'],
  'inbox:pull': ['channel', 'messages', 'next', 'more'],
  'presence:get': ['presence'],
  'presence:watch': ['presence'],
  'presence:unwatch': ['presence'],
  'receipts:get': ['receipts'],
  typing: [],
  'auth:refresh': ['expiresAt'],
};

export const REQUEST_EVENTS = Object.keys(FIELDS);

const CODES = [
  ...['bad_request', 'unauthorized', 'forbidden', 'not_found', 'conflict', 'session_conflict'],
  ...['too_large', 'rate_limited', 'unavailable', 'internal'],
];
const ERROR_FIELDS = ['code', 'message', 'retryable', 'retryAfterMs', 'details'];

/** What is wrong with an answer to that event, or undefined where nothing is. */
export function problemOfAnswer(event: string, answers: unknown): string | undefined {
  if (!Array.isArray(answers) || answers.length !== 1) return 'not one answer';
  const answer = answers[0] as Record<string, unknown>;
  if (answer['ok'] === true) {
    const expected = FIELDS[event];
    if (expected === undefined) return 'an event that there is not was carried out';
    return sameFields(Object.keys(answer), ['ok', ...expected])
      ? undefined
      : `fields ${Object.keys(answer).join()}`;
  }
  if (answer['ok'] !== false || !sameFields(Object.keys(answer), ['ok', 'error']))
    return 'neither yes nor no';
  return problemOfError(answer['error'] as Record<string, unknown>);
}

function problemOfError(error: Record<string, unknown>): string | undefined {
  const { code, message, retryable, details } = error;
  if (!CODES.includes(String(code))) return `code ${String(code)}`;
  // Nothing is broken here: neither of these has a cause.
  if (code === 'internal' || code === 'unavailable') return String(code);
  if (typeof message !== 'string' || typeof retryable !== 'boolean') return 'an error without words';
  if (details !== undefined && !Array.isArray(details)) return 'details that are no list';
  const strange = Object.keys(error).filter((field) => !ERROR_FIELDS.includes(field));
  return strange.length === 0 ? undefined : `error with ${strange.join()}`;
}

function sameFields(found: string[], expected: string[]): boolean {
  return found.length === expected.length && expected.every((field) => found.includes(field));
}
