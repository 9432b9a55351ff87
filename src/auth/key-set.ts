import { KeyObject } from 'node:crypto';
import { createLocalJWKSet, type CryptoKey, errors, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import { BeelineError, monotonicMs } from '../shared';
import { type TokenHeader, TokenRefusal } from './token-claims';

/** How the set is kept. Times in ms. */
export interface KeySetTimes {
  /** Between two fetches, whatever asks for them. */
  pauseMs: number;
  /** A set that is older is fetched anew behind the tokens that it still serves. */
  refreshAfterMs: number;
  /** A set that is older counts for nothing. */
  maxAgeMs: number;
}

export const KEY_SET_TIMES: KeySetTimes = { pauseMs: 3000, refreshAfterMs: 60_000, maxAgeMs: 600_000 };

/** For headers and body together. A pause and a fetch fit into the time that a handshake has. */
const FETCH_TIMEOUT_MS = 5000;
const MAX_SET_BYTES = 256 * 1024;
/** Tokens that may wait for one fetch. What they wait for is shared, what they hold is not. */
const MAX_WAITING = 1000;

interface Fetched {
  keys: LocalJWKSet;
  atMs: number;
}

/**
 * The keys that an outside issuer publishes. The set is fetched as a whole, so a key that was withdrawn goes with the
 * next fetch. Tokens with unknown keys wait for one fetch that they share: strangers who make such tokens up delay each
 * other, and neither a new key nor those whose key is known.
 */
export class KeySet {
  private fetched: Fetched | undefined;
  private triedAtMs = -Infinity;
  private lastTry: Error | undefined;
  /** The fetch under way, and the one after it, which has not begun. */
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private waiting = 0;

  constructor(
    private readonly url: string,
    private readonly onFailure: (cause: Error) => void,
    private readonly times: KeySetTimes = KEY_SET_TIMES,
  ) {}

  /** Throws a `TokenRefusal` where the issuer publishes no such key, `unavailable` where it cannot be asked. */
  async find(header: TokenHeader): Promise<KeyObject> {
    const known = await this.look(header);
    if (known !== undefined) {
      if (this.age() > this.times.refreshAfterMs) void this.refresh();
      return known;
    }
    const found = await this.waitFor(header);
    if (found !== undefined) return found;
    if (this.lastTry !== undefined) throw unfetched(this.lastTry);
    throw new TokenRefusal('kid', 'the token is signed with a key that its issuer does not publish');
  }

  private age(): number {
    return this.fetched === undefined ? Infinity : monotonicMs() - this.fetched.atMs;
  }

  /** Undefined where no key of the set fits the header, or the set is too old. */
  private async look(header: TokenHeader): Promise<KeyObject | undefined> {
    if (this.fetched === undefined || this.age() > this.times.maxAgeMs) return undefined;
    try {
      return prepared(await this.fetched.keys({ ...header }));
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey) return undefined;
      if (cause instanceof errors.JOSENotSupported)
        throw new TokenRefusal('alg', 'the token is signed in a way that is not supported');
      throw new TokenRefusal('kid', 'the token does not name one key that can be used');
    }
  }

  private async waitFor(header: TokenHeader): Promise<KeyObject | undefined> {
    if (this.waiting >= MAX_WAITING) throw unfetched(new Error('too many tokens wait for it'));
    this.waiting += 1;
    try {
      if (this.running !== undefined) {
        await this.running;
        const found = await this.look(header);
        if (found !== undefined) return found;
      }
      // A fetch that was under way may have been answered before the key was published.
      await this.refresh();
      return await this.look(header);
    } finally {
      this.waiting -= 1;
    }
  }

  /** Resolves once a fetch that begins from now on has ended, one way or the other. */
  private refresh(): Promise<void> {
    this.next ??= this.fetchNext();
    return this.next;
  }

  private async fetchNext(): Promise<void> {
    await this.running;
    const waitMs = this.triedAtMs + this.times.pauseMs - monotonicMs();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    this.next = undefined;
    this.running = this.fetch().finally(() => (this.running = undefined));
    await this.running;
  }

  private async fetch(): Promise<void> {
    this.triedAtMs = monotonicMs();
    try {
      const keys = createLocalJWKSet(await fetchSet(this.url));
      this.fetched = { keys, atMs: this.triedAtMs };
      this.lastTry = undefined;
    } catch (cause) {
      this.lastTry = cause instanceof Error ? cause : new Error(String(cause));
      this.onFailure(this.lastTry);
    }
  }
}

function unfetched(cause: unknown): BeelineError {
  return new BeelineError('unavailable', 'the keys of the token issuer cannot be fetched', { cause });
}

const preparedKeys = new WeakMap<CryptoKey, KeyObject>();

function prepared(key: CryptoKey): KeyObject {
  const known = preparedKeys.get(key) ?? KeyObject.from(key);
  preparedKeys.set(key, known);
  return known;
}

async function fetchSet(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: 'error',
    headers: { accept: 'application/json, application/jwk-set+json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answers ${response.status}`);
  }
  const body = (response.body ?? []) as AsyncIterable<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_SET_BYTES) throw new Error(`it has more than ${MAX_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as JSONWebKeySet;
}
