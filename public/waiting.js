/**
 * What this user wrote that is not known to be stored yet: in this browser, one key for each message, so that it
 * outlives the page and every tab of the user sees the same. No DOM, no network.
 *
 * A record is `{ clientId, to, text, at }`; with `problem` the server has refused it; with `id`, `sentAt` and `place`
 * it is stored: so written just before it is removed, which tells the other tabs.
 */
import { BeelineError } from './beeline-client.js';

export const MAX_WAITING = 200;
const MAX_WAITING_BYTES = 1024 * 1024;
/** No calendar goes on after it. */
const LAST_DATE_MS = 8.64e15;

export class WaitingMessages {
  #prefix;
  #storage;
  #makeRoom;

  /** `makeRoom()`: the storage is full; forget what can be spared. */
  constructor(prefix, storage, makeRoom) {
    this.#prefix = prefix;
    this.#storage = storage;
    this.#makeRoom = makeRoom;
  }

  /** In the order in which they were written. What is stored has only been left behind by a tab that was closed. */
  all() {
    const records = this.#keys().map((key) => recordOf(this.clientIdOf(key), this.#storage.getItem(key)));
    return records
      .filter((record) => record !== undefined && record.id === undefined)
      .sort((a, b) => a.at - b.at || (a.clientId < b.clientId ? -1 : 1));
  }

  /** The next to send to somebody. Read from the storage each time: another tab may have sent it. */
  nextTo(to) {
    return this.all().find((record) => record.to === to && record.problem === undefined);
  }

  /** Who is written to. */
  names() {
    const records = this.all().filter(({ problem }) => problem === undefined);
    return [...new Set(records.map(({ to }) => to))];
  }

  /**
   * Takes a message, or throws: `waiting_full` over the bounds, `no_room` where the browser gives no more. `at` is what
   * orders a line, so it is later than that of every other message to the same person, whatever the clock says.
   */
  add({ clientId, to, text, at }) {
    const records = this.all();
    const last = records.findLast((record) => record.to === to)?.at ?? 0;
    const record = { clientId, to, text, at: Math.max(at, last + 1) };
    const bytes = [...records, record].reduce((sum, each) => sum + bytesOf(each), 0);
    if (records.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES) {
      throw new BeelineError({ code: 'waiting_full', message: 'too much is waiting' });
    }
    if (!this.#write(record)) {
      this.#makeRoom();
      if (!this.#write(record)) throw new BeelineError({ code: 'no_room', message: 'the storage is full' });
    }
    return record;
  }

  /** It leaves the line, whatever the storage does. */
  refuse(clientId, problem) {
    const record = this.#read(clientId);
    if (record !== undefined && !this.#write({ ...record, problem })) this.remove(clientId);
  }

  settle(clientId, { id, sentAt, place }) {
    const record = this.#read(clientId);
    if (record !== undefined && record.id === undefined) this.#write({ ...record, id, sentAt, place });
    this.remove(clientId);
  }

  remove(clientId) {
    this.#storage.removeItem(this.#prefix + clientId);
  }

  /** Whose key this is, if it is one of these. */
  clientIdOf(key) {
    return key?.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }

  #keys() {
    return Object.keys(this.#storage).filter((key) => this.clientIdOf(key) !== undefined);
  }

  #read(clientId) {
    return recordOf(clientId, this.#storage.getItem(this.#prefix + clientId));
  }

  #write(record) {
    try {
      this.#storage.setItem(this.#prefix + record.clientId, JSON.stringify(record));
      return true;
    } catch {
      return false;
    }
  }
}

/** What a key holds; undefined where it holds nothing, or nothing of ours. */
export function recordOf(clientId, json) {
  try {
    const record = JSON.parse(json);
    const { to, text, at } = record;
    const isOurs = typeof to === 'string' && typeof text === 'string' && Math.abs(at) <= LAST_DATE_MS;
    return isOurs && record.clientId === clientId ? record : undefined;
  } catch {
    return undefined;
  }
}

export function bytesOf(value) {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
