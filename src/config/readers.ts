import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Channel, normalOrigin, parseChannel, parseUserId, SENT_CHANNEL } from '../shared';

/**
 * How the text of a setting becomes a value. A reader throws an Error whose message ends the sentence
 * "NAME …" and never contains the text itself: it may be a secret.
 */
export const text = (value: string): string => value;

export function integer(min: number): (value: string) => number {
  return integerUpTo(min, Number.MAX_SAFE_INTEGER);
}

export function integerUpTo(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < min || number > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new Error(`must be a whole number ${range}`);
    }
    return number;
  };
}

export const port = integerUpTo(0, 65_535);

export function flag(value: string): boolean {
  if (value === 'on' || value === 'true') return true;
  if (value === 'off' || value === 'false') return false;
  throw new Error('must be on or off');
}

const MIN_SECRET_BYTES = 32;

export function secret(value: string): string {
  if (Buffer.byteLength(value) < MIN_SECRET_BYTES) {
    throw new Error(`must have at least ${MIN_SECRET_BYTES} bytes (try: openssl rand -base64 32)`);
  }
  return value;
}

export function publicKey(value: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(value.replaceAll('\\n', '\n'));
  } catch {
    throw new Error('must be a public key as PEM');
  }
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') {
    throw new Error('must be an RSA or EC key');
  }
  return key;
}

export function httpUrl(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new Error('must be an http(s) URL');
  }
  return value;
}

/** One URL, or several hosts of a Cluster, of which only the first must have a scheme. */
export function redisUrl(value: string): string {
  const [first, ...others] = list(value);
  const scheme = first?.slice(0, first.indexOf('://') + 3) ?? '';
  const urls = [first ?? '', ...others.map((host) => (host.includes('://') ? host : `${scheme}${host}`))];
  if (!urls.every((url) => URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol))) {
    throw new Error('must be a redis:// or rediss:// URL, or several hosts, comma-separated');
  }
  return urls.join(',');
}

export function keyPrefix(value: string): string {
  if (/[{}\s]/.test(value)) throw new Error('must not contain braces or white space');
  return value;
}

export function channels(value: string): [Channel, ...Channel[]] {
  const names = list(value);
  const parsed = names.map(parseChannel);
  if (parsed.includes(undefined))
    throw new Error('must be names of 1 to 32 of a-z, 0-9, _ and -, comma-separated');
  if (names.includes(SENT_CHANNEL)) throw new Error(`must not name ${SENT_CHANNEL}, which is built in`);
  if (new Set(names).size !== names.length) throw new Error('must not name a channel twice');
  const [first, ...others] = parsed as Channel[];
  if (first === undefined) throw new Error('must name at least one channel');
  return [first, ...others];
}

export function origins(value: string): readonly string[] {
  return list(value).map((given) => {
    const origin = given === '*' ? given : normalOrigin(given.replace(/(?<=[^/])\/$/, ''));
    if (origin === undefined) {
      throw new Error(
        'must be values of the Origin header (https://app.example.com, capacitor://localhost, null) or *, comma-separated',
      );
    }
    return origin;
  });
}

export type SessionPolicy = (typeof SESSION_POLICIES)[number];
const SESSION_POLICIES = ['multiple', 'replace', 'reject'] as const;

export const sessionPolicy = oneOf(SESSION_POLICIES);

export type Registration = (typeof REGISTRATIONS)[number];
const REGISTRATIONS = ['open', 'invite', 'off'] as const;

export const registration = oneOf(REGISTRATIONS);

export function names(value: string): readonly string[] {
  const given = value.split(',').map((name) => name.trim());
  if (!given.every((name) => parseUserId(name) !== undefined))
    throw new Error('must be names that users may have, comma-separated');
  return given;
}

const STORES = ['redis', 'embedded'] as const;

export const store = oneOf(STORES);

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export const logLevel = oneOf(LOG_LEVELS);

function oneOf<T extends string>(allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const known = allowed.find((candidate) => candidate === value);
    if (known === undefined) throw new Error(`must be one of ${allowed.join(', ')}`);
    return known;
  };
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
