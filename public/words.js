/** Codes and times, in words that a person can use. */
import { LoginEnded } from './login.js';
import { MAX_WAITING } from './waiting.js';

const LONG_WAIT_MS = 30_000;

const ERRORS = {
  unauthorized: 'Your login is not valid any more. Please log in again.',
  forbidden: 'You are not allowed to do this.',
  not_found: 'There is nobody of that name here.',
  conflict: 'This name is taken. If it is yours, log in; otherwise choose another.',
  session_conflict: 'You are connected elsewhere, and only one connection is allowed.',
  too_large: 'This message is too long.',
  rate_limited: 'That was too fast. Please wait a moment.',
  unavailable: 'The server can not reach its store, so it is not certain that this was stored.',
  internal: 'Something went wrong on the server.',
  timeout: 'No answer came from the server.',
  offline: 'There is no connection to the server.',
  closed: 'You left before an answer came.',
  waiting_full: `Too much is waiting or was not sent, ${MAX_WAITING} messages or 1 MiB: this message was not taken.`,
  no_room: 'This browser has no room for a message that may have to wait: it was not taken.',
};

/** What an own message waits for. It is sent by itself then. */
const OBSTACLES = {
  offline: 'there is no connection',
  timeout: 'no answer came',
  closed: 'there is no connection',
  unavailable: 'the server can not reach its store',
  rate_limited: 'that was too fast',
};

const STATES = { sending: 'Sending…', sent: 'Sent', delivered: 'Delivered', failed: 'Not sent' };

/** How far an own message has come. */
export function stateInWords({ state, obstacle }) {
  if (state !== 'waiting') return STATES[state];
  const why = obstacle && OBSTACLES[obstacle.code];
  return why === undefined ? 'Waiting' : `Waiting: ${why}`;
}

/** A name within a sentence: which way it runs moves nothing around it. */
export function isolated(text) {
  return `\u2068${text}\u2069`;
}

export function errorInWords(error) {
  const { code, message, details, retryAfterMs } = error;
  if (error instanceof LoginEnded) return message;
  if (code === 'rate_limited' && retryAfterMs > LONG_WAIT_MS) {
    return `That was too much. Please try again in ${Math.ceil(retryAfterMs / 60_000)} min.`;
  }
  if (code === 'bad_request') {
    return (
      details?.map(({ field, problem }) => `${field} ${problem}`).join(', ') ?? `Not accepted: ${message}`
    );
  }
  return ERRORS[code] ?? message ?? 'Something went wrong.';
}

const ENDS = {
  replaced: 'This session was opened somewhere else, so it ended here.',
  revoked: 'You were logged out, in another window or by an administrator.',
  token_expired: 'Your login has run out.',
  unauthorized: 'The server does not accept your login any more.',
  evicted: 'The server ended the connection: this page asked for too much at once. Please wait a moment.',
  session_conflict: ERRORS.session_conflict,
  closed: 'The server ended the connection.',
};

/** `session:end` reasons, and error codes of a handshake that was refused. */
export function endInWords({ reason, error }) {
  if (error instanceof LoginEnded) return error.message;
  return (
    ENDS[reason] ??
    (error === undefined ? `The server ended the connection (${reason}).` : errorInWords(error))
  );
}

/** Whether only a new login can help. */
export function needsLogin({ reason }) {
  return ['revoked', 'token_expired', 'unauthorized'].includes(reason);
}

export function presenceInWords({ online, devices, lastSeen }, now = Date.now()) {
  if (online === undefined) return '';
  if (online) return devices > 1 ? `Online on ${devices} devices` : 'Online';
  return lastSeen === null ? 'Offline' : `Last seen ${agoInWords(now - lastSeen)}`;
}

function agoInWords(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} d ago`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export function timeInWords(at) {
  return TIME.format(at);
}

export function dayInWords(at, now = Date.now()) {
  const day = DAY.format(at);
  if (day === DAY.format(now)) return 'Today';
  return day === DAY.format(now - 86_400_000) ? 'Yesterday' : day;
}
