/**
 * What there is to show: people, their messages, what is unread. No DOM, no network. People, own messages and
 * what was seen are remembered in this browser; what others wrote is the server's to keep.
 */
import { compareOffsets } from './beeline-client.js';
import { STORAGE_PREFIX } from './place.js';
import { recordOf, WaitingMessages } from './waiting.js';

const MAX_PEOPLE = 200;
const MAX_OWN_REMEMBERED = 300;
const BEGINNING = '0-0';
/** How far an own message has come; it never goes back. Before that it is `waiting`, `sending` or `failed`. */
const STATES = ['sent', 'delivered'];

export class Conversations {
  /** By name: `{ name, online, devices, lastSeen, lastAt }`; presence undefined until it is known. */
  people = new Map();
  /** By name: that conversation's messages, in order. */
  #entries = new Map();
  #byId = new Map();
  /** Own messages that have no id yet, by clientId: the entries of what `waiting` keeps. */
  #pending = new Map();
  /** By name: the offset in that person's inbox up to which own messages have been delivered. */
  #receipts = new Map();

  /** The server's cursor: one for the whole inbox. */
  #readCursor = BEGINNING;
  /** Per person, how far this browser has shown them: finer than the server's cursor. */
  #seen;
  #memory;

  constructor(userId, storage = localStorage) {
    this.userId = userId;
    // A name may hold a colon: no user's keys begin with those of another.
    this.prefix = `${STORAGE_PREFIX}:${userId.replaceAll(':', '%3A')}:`;
    this.#memory = new Memory(this.prefix, storage);
    this.waiting = new WaitingMessages(`${this.prefix}waiting:`, storage, () => this.#memory.forget('own'));
    this.#seen = new Map(this.#memory.read('seen', []));
    for (const name of this.#memory.read('people', [])) this.addPerson(name);
    for (const entry of this.#memory.read('own', [])) this.#restore(entry);
    for (const record of this.waiting.all()) this.#insertWaiting(record);
  }

  addPerson(name) {
    if (this.people.has(name)) return;
    this.people.set(name, { name, lastAt: 0 });
    this.#entries.set(name, []);
    this.#memory.write('people', [...this.people.keys()].slice(-MAX_PEOPLE));
  }

  setPresence({ userId, online, devices, lastSeen }) {
    const person = this.people.get(userId);
    if (person !== undefined) Object.assign(person, { online, devices, lastSeen });
  }

  /** The latest talk first. */
  list() {
    return [...this.people.values()].sort((a, b) => b.lastAt - a.lastAt || a.name.localeCompare(b.name));
  }

  with(name) {
    return this.#entries.get(name) ?? [];
  }

  /** Takes a message from whichever way it came: live, replayed, pulled, or a copy of what another device sent. */
  take(message) {
    if (this.#byId.has(message.id)) return;
    if (message.from === this.userId) this.#takeOwn(message);
    else this.#insert(message.from, { ...shownOf(message), offset: message.offset, mine: false });
  }

  /** An own message, to be sent. Throws where no more can wait, and has taken nothing then. */
  write(message) {
    this.#insertWaiting(this.waiting.add(message));
  }

  /** The messages that wait for somebody are `sending`, or `waiting` and for what: an error, if anything is known. */
  setLine(name, { state, error }) {
    for (const entry of this.with(name)) {
      if (!this.#pending.has(entry.clientId) || entry.state === 'failed') continue;
      Object.assign(entry, { state, obstacle: error });
    }
  }

  /** It is stored. `place`: its offset in the receiver's inbox, which only the answer to a send tells. */
  confirm({ clientId, to }, { id, sentAt, place }) {
    const entry = this.#pending.get(clientId) ?? this.#byId.get(id);
    this.waiting.settle(clientId, { id, sentAt, place });
    this.#pending.delete(clientId);
    if (entry === undefined || entry.peer !== to) return; // removed while it was on its way
    if (this.#byId.has(id) && this.#byId.get(id) !== entry) return this.discard(entry);
    Object.assign(entry, { id, at: sentAt, place: place ?? entry.place, problem: undefined });
    this.#byId.set(id, entry);
    this.#advance(entry);
    this.#sort(entry.peer);
    this.#rememberOwn();
  }

  /** The server refuses it for good. */
  refuse({ clientId }, problem) {
    this.waiting.refuse(clientId, problem);
    const entry = this.#pending.get(clientId);
    if (entry !== undefined) Object.assign(entry, { state: 'failed', problem });
  }

  discard(entry) {
    this.waiting.remove(entry.clientId);
    this.#remove(entry);
  }

  /** Another tab of this user has written a key of the storage, or removed it. Returns whom it waits for, if anybody. */
  takeFromOtherTab(key, value) {
    const clientId = this.waiting.clientIdOf(key);
    if (clientId === undefined) return undefined;
    const entry = this.#pending.get(clientId);
    const record = recordOf(clientId, value);
    if (record === undefined) {
      if (entry !== undefined) this.#remove(entry);
    } else if (record.id !== undefined) {
      if (entry !== undefined) this.confirm(record, record);
    } else if (entry === undefined) {
      this.#insertWaiting(record);
    } else if (record.problem !== undefined) {
      Object.assign(entry, { state: 'failed', problem: record.problem });
    }
    return record?.to;
  }

  // --- ticks

  /**
   * `delivered`, or `read`, up to that offset in the peer's inbox. May come before the answer to a send. The read
   * cursor is one for the whole inbox, and not one for each conversation: all that `read` proves is `delivered`.
   */
  takeReceipt({ peer, offset }) {
    const known = this.#receipts.get(peer);
    if (known !== undefined && compareOffsets(offset, known) <= 0) return;
    this.#receipts.set(peer, offset);
    for (const entry of this.with(peer)) if (entry.mine && entry.id !== undefined) this.#advance(entry);
    this.#rememberOwn();
  }

  /** Own messages of a conversation that may have come further while nobody told, the newest last. */
  awaitingReceipts(name) {
    return this.with(name).filter(
      ({ mine, place, state }) => mine && place !== undefined && state !== 'delivered',
    );
  }

  #advance(entry) {
    const reached = this.#isDelivered(entry) ? 'delivered' : 'sent';
    if (STATES.indexOf(reached) > STATES.indexOf(entry.state)) entry.state = reached;
  }

  /** Of another device's message only its copy is known, which was stored after it: the copy's time is safe to go by. */
  #isDelivered({ peer, place, at }) {
    const upto = this.#receipts.get(peer);
    return upto !== undefined && compareOffsets(place ?? `${at}-0`, upto) <= 0;
  }

  // --- unread

  setReadCursor(offset) {
    if (compareOffsets(offset, this.#readCursor) > 0) this.#readCursor = offset;
  }

  totalUnread() {
    return this.list().reduce((sum, { name }) => sum + this.unread(name), 0);
  }

  unread(name) {
    return this.with(name).filter((entry) => this.#isUnread(entry)).length;
  }

  /**
   * That conversation is on the screen. Returns how far the inbox as a whole has been read, where that is further
   * than the server knows: its cursor is one for all senders, so it stops before the first message of anybody
   * that has not been shown.
   */
  show(name) {
    const last = this.with(name).findLast((entry) => !entry.mine);
    if (last === undefined || !this.#isUnread(last)) return undefined;
    this.#seen.set(name, last.offset);
    this.#memory.write('seen', [...this.#seen].slice(-MAX_PEOPLE));
    const received = [...this.#entries.values()].flat().filter((entry) => !entry.mine);
    received.sort((a, b) => compareOffsets(a.offset, b.offset));
    const firstUnread = received.findIndex((entry) => this.#isUnread(entry));
    const read = (firstUnread < 0 ? received : received.slice(0, firstUnread)).at(-1)?.offset;
    return read !== undefined && compareOffsets(read, this.#readCursor) > 0 ? read : undefined;
  }

  #isUnread({ mine, offset, peer }) {
    if (mine || compareOffsets(offset, this.#readCursor) <= 0) return false;
    const seen = this.#seen.get(peer);
    return seen === undefined || compareOffsets(offset, seen) > 0;
  }

  // --- keeping order

  /** A copy from the channel `sent`: of a message that this page wrote, or of another device's. */
  #takeOwn(message) {
    const { to, clientId } = message;
    if (this.#pending.get(clientId)?.peer === to) return this.confirm({ clientId, to }, message);
    const entry = { ...shownOf(message), peer: to, mine: true, state: 'sent' };
    this.#advance(entry);
    this.#insert(to, entry);
  }

  #insert(peer, entry) {
    entry.peer = peer;
    this.addPerson(peer);
    this.with(peer).push(entry);
    if (entry.id !== undefined) this.#byId.set(entry.id, entry);
    this.#sort(peer);
  }

  /** By the store's time; ids are time-ordered and settle a tie. */
  #sort(peer) {
    const entries = this.with(peer);
    entries.sort((a, b) => a.at - b.at || ((a.id ?? '~') < (b.id ?? '~') ? -1 : 1));
    this.people.get(peer).lastAt = entries.at(-1)?.at ?? 0;
  }

  #insertWaiting({ clientId, to, text, at, problem }) {
    const state = problem === undefined ? 'waiting' : 'failed';
    const entry = { clientId, peer: to, text, at, problem, mine: true, state };
    this.#pending.set(clientId, entry);
    this.#insert(to, entry);
  }

  #remove(entry) {
    this.#pending.delete(entry.clientId);
    const entries = this.with(entry.peer);
    const at = entries.indexOf(entry);
    if (at >= 0) entries.splice(at, 1);
  }

  #restore(entry) {
    if (entry.id === undefined) return; // remembered by an earlier version of the page, as is `read`
    if (entry.state === 'read') entry.state = 'delivered';
    this.#insert(entry.peer, entry);
  }

  #rememberOwn() {
    const own = [...this.#entries.values()].flat().filter(({ mine, id }) => mine && id !== undefined);
    own.sort((a, b) => a.at - b.at);
    this.#memory.write('own', own.slice(-MAX_OWN_REMEMBERED));
  }
}

/** A body may be any JSON; this page writes `{ text }`. */
function shownOf({ id, clientId, body, sentAt }) {
  const text = typeof body?.text === 'string' ? body.text : JSON.stringify(body);
  return { id, clientId, text, at: sentAt };
}

/** What this browser remembers of one user. Storage may be full or forbidden: then nothing is remembered. */
class Memory {
  #prefix;
  #storage;

  constructor(prefix, storage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  read(key, fallback) {
    try {
      return JSON.parse(this.#storage.getItem(this.#prefix + key)) ?? fallback;
    } catch {
      return fallback;
    }
  }

  write(key, value) {
    try {
      this.#storage.setItem(this.#prefix + key, JSON.stringify(value));
    } catch {
      // see above
    }
  }

  forget(key) {
    this.#storage.removeItem(this.#prefix + key);
  }
}
