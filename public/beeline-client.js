/**
 * A client of Beeline: one device of one user. No DOM and no framework: made to be copied.
 *
 * In a page without a build step an import map resolves `socket.io-client` (see index.html); with a bundler, or
 * in Node, it is the package of that name.
 */
import { io } from 'socket.io-client';

/** A request without an answer is given up after this; a send is repeated, with the same `clientId`. */
const ANSWER_TIMEOUT_MS = 5_000;
/** A send that could not be confirmed is handed back to the caller after this, connected or not. */
const SEND_TIMEOUT_MS = 10_000;
/** Waiting before trying again where the server did not say how long: doubled each time, up to the greatest. */
const RETRY_MS = { first: 500, greatest: 5_000 };
/** A fresh token is handed over at half of the old one's life; what fails is tried again at half of what is left. */
const SHORTEST_TOKEN_WAIT_MS = 5_000;
/** `setTimeout` fires at once where it is told to wait longer than this (24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** How many ids of messages are remembered, to recognise one that comes again. */
const REMEMBERED_IDS = 5_000;
/** Users, or messages, that one request may name. */
const MOST_PER_REQUEST = 200;

/** An error as the server words it, or one of this client's own: `timeout`, `offline`, `closed`. */
export class BeelineError extends Error {
  constructor({ code, message, retryable = false, retryAfterMs, details }) {
    super(message);
    this.name = 'BeelineError';
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
    this.details = details;
  }
}

/**
 * Negative where offset a comes before b, positive where after. An offset is two numbers, `<ms>-<n>`: compared as
 * text, `9-0` would come after `10-0`. Sixteen digits do not fit a double, hence BigInt.
 */
export function compareOffsets(a, b) {
  const [msA, nA] = a.split('-').map(BigInt);
  const [msB, nB] = b.split('-').map(BigInt);
  if (msA !== msB) return msA < msB ? -1 : 1;
  if (nA !== nB) return nA < nB ? -1 : 1;
  return 0;
}

/** The sender's own id of a message: what makes sending it again safe. */
export function newClientId() {
  // Not randomUUID: browsers have that on https and localhost only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `c-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export class BeelineClient {
  #socket;
  #deviceId;
  #getToken;
  #on;

  /** Between `session` and the end of the connection: only then is anything sent. */
  #online = false;
  /** The last `session:end`, until the connection has ended. */
  #ending;
  /** Why the connection was lost, as far as that is known: told until it is back. */
  #why = {};
  /** The server refused the last token: the next one must be a new one. */
  #tokenRefused = false;
  #retryMs = RETRY_MS.first;
  #reconnectTimer;
  #tokenTimer;

  /** Sends that have no answer yet, by clientId, in the order in which they were asked for. */
  #outbox = new Map();
  #isSending = false;
  /** Per channel: how far the server knows that this device has everything, and how far it has. */
  #acks = new Map();
  #seenIds = new Set();
  /** Users whose presence is wanted: said anew on each connection. */
  #watched = new Set();

  /**
   * - `url`: of any node, with the path where Beeline has one; by default where the page itself is served.
   * - `deviceId`: a name for this installation that survives restarts; the server keeps this device's place by it.
   * - `getToken(renew)`: promises an access token; asked for at every attempt to connect. `renew`: the last one was
   *   refused or is about to run out. Rejects with `code: 'unauthorized'` where only a new login can help.
   * - `on`: what to call, every one optional:
   *   - `status({ state, reason, error })`: `connecting`, `online`, `reconnecting` or `ended` (this client has given up)
   *   - `session(session)`: connected: who I am, which node, where each inbox stands
   *   - `message(message)`: each message once. **It must be stored (or shown) when this returns**: then it is acked
   *   - `truncated({ channel, since, oldest })`: older messages are gone
   *   - `read({ channel, read, unread })`: another device has moved the read cursor
   *   - `receipt({ channel, peer, state, offset })`: what was sent to `peer` with `receipt: true` is `delivered` or
   *     `read`, up to `offset` in the peer's inbox
   *   - `presence({ userId, online, devices, lastSeen })`: of a user who is watched: now, then at each change
   *   - `typing({ from, channel, typing })`: word of it may be lost: forget it after some seconds
   *   - `announcement({ id, body, sentAt })`
   */
  constructor({ url = '.', deviceId, getToken, on = {} }) {
    this.#deviceId = deviceId;
    this.#getToken = getToken;
    this.#on = on;
    const { origin, pathname } = new URL(url, globalThis.document?.baseURI);
    this.#socket = io(origin, {
      // Socket.IO takes a path in the URL for a namespace.
      path: pathname.replace(/\/*$/, '/socket.io'),
      transports: ['websocket'],
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: RETRY_MS.first,
      reconnectionDelayMax: RETRY_MS.greatest,
      // A function, so that every attempt, those of the library included, takes the token of that moment.
      auth: (give) => void this.#giveToken(give),
    });
    // Registered once, here. Inside a `connect` handler they would pile up with every reconnect.
    this.#socket.on('session', (session) => this.#onSession(session));
    this.#socket.on('message', (message) => this.#onMessage(message));
    this.#socket.on('inbox:truncated', (event) => this.#on.truncated?.(event));
    this.#socket.on('inbox:read', (event) => this.#on.read?.(event));
    this.#socket.on('receipt', (event) => this.#on.receipt?.(event));
    this.#socket.on('presence', (event) => this.#on.presence?.(event));
    this.#socket.on('typing', (event) => this.#on.typing?.(event));
    this.#socket.on('announcement', (event) => this.#on.announcement?.(event));
    this.#socket.on('session:end', (event) => this.#onSessionEnd(event));
    this.#socket.on('connect_error', (error) => this.#onConnectError(error));
    this.#socket.on('disconnect', (reason) => this.#onDisconnect(reason));
  }

  connect() {
    this.#report({ state: 'connecting' });
    this.#connectIn(0);
  }

  /** Leaves for good. Sends without an answer are rejected with `closed`; they may have been stored. */
  close() {
    this.#hangUp();
    for (const outgoing of this.#outbox.values()) {
      outgoing.fail(new BeelineError({ code: 'closed', message: 'the client was closed', retryable: true }));
    }
  }

  /**
   * Resolves with `{ id, offset, sentAt, duplicate }` once the message is in the receiver's inbox. Without an answer
   * nobody knows whether it is: so it is sent again, after a reconnect too, with the same `clientId`, and stored
   * once. Rejects with the server's error, or with the last obstacle when the time is up; to try again later,
   * call it with the same `clientId`.
   */
  send({ to, body, clientId = newClientId(), ...options }) {
    const underWay = this.#outbox.get(clientId);
    if (underWay !== undefined) return underWay.promise;
    const outgoing = this.#putInOutbox({ ...options, to, body, clientId });
    void this.#sendOutbox();
    return outgoing.promise;
  }

  /** A page of an inbox: `{ messages, next, more }`. `range` is `{ after }`, `{ before }` or nothing (unread), and `limit`. */
  pull(channel, range = {}) {
    return this.#request('inbox:pull', { channel, ...range });
  }

  /** The user has read everything up to here, on whichever device: `{ channel, read, unread }`. */
  markRead(channel, offset) {
    return this.#request('inbox:read', { channel, offset });
  }

  /** From now on `on.presence` tells how these users are, over reconnects too. */
  watch(users) {
    const added = users.filter((user) => !this.#watched.has(user));
    for (const user of added) this.#watched.add(user);
    if (this.#online) void this.#sayWatched(added);
  }

  /**
   * How far own messages have come, each named `{ to, channel, offset }` as its send was answered: with `state`
   * `sent`, `delivered`, `read`, or null where the message is kept no more. Events tell changes; this is for what was
   * missed while there was no connection.
   */
  async receiptsOf(messages) {
    return (await this.#insist('receipts:get', { messages: messages.slice(-MOST_PER_REQUEST) })).receipts;
  }

  /** Word that the user is writing, or has stopped. Stored nowhere, so not worth repeating. */
  sayTyping(to, typing, channel) {
    this.#request('typing', { to, typing, channel }).catch(() => undefined);
  }

  // --- connecting, and coming back

  async #giveToken(give) {
    try {
      const token = await this.#getToken(this.#tokenRefused);
      give({ token, deviceId: this.#deviceId });
    } catch (error) {
      if (error.code === 'unauthorized') this.#end({ reason: 'unauthorized', error });
      else this.#tryAgain(error);
    }
  }

  #onSession(session) {
    this.#online = true;
    this.#tokenRefused = false;
    this.#retryMs = RETRY_MS.first;
    this.#why = {};
    for (const [channel, { delivered }] of Object.entries(session.channels)) {
      this.#acks.set(channel, { known: delivered, wanted: delivered, inFlight: false });
    }
    this.#renewTokenBefore(session.expiresAt, session.serverTime);
    this.#on.session?.(session);
    this.#report({ state: 'online' });
    void this.#sayWatched([...this.#watched]);
    void this.#sendOutbox();
  }

  /** The server says why it is about to end the connection, and whether to come back. */
  #onSessionEnd(end) {
    this.#ending = end;
    if (!end.reconnect) return;
    // A node that goes names a span, so that its clients do not all arrive elsewhere in the same moment.
    this.#hangUp();
    this.#reportLost({ reason: end.reason });
    this.#connectIn(Math.random() * (end.retryAfterMs ?? 0));
  }

  #onDisconnect(reason) {
    this.#online = false;
    clearTimeout(this.#tokenTimer);
    const ending = this.#ending;
    this.#ending = undefined;
    if (reason === 'io client disconnect') return; // ours: whoever hung up says what comes next
    if (this.#socket.active) {
      this.#reportLost(ending && { reason: ending.reason }); // the library is at it
    } else if (ending?.reason === 'token_expired') {
      this.#reportLost({ reason: ending.reason });
      this.#connectIn(0);
    } else {
      this.#end({ reason: ending?.reason ?? 'closed' });
    }
  }

  /** Either the network failed, and the library tries again by itself; or the server refused, and it does not. */
  #onConnectError(error) {
    if (this.#socket.active) {
      this.#reportLost();
      return;
    }
    const refusal = new BeelineError(error.data ?? { code: 'internal', message: error.message });
    if (refusal.code === 'unauthorized' && !this.#tokenRefused) {
      this.#tokenRefused = true;
      this.#connectIn(0);
    } else if (refusal.retryable) {
      this.#tryAgain(refusal);
    } else {
      this.#end({ reason: refusal.code, error: refusal });
    }
  }

  #tryAgain(error) {
    this.#hangUp();
    this.#reportLost({ error });
    this.#connectIn(error.retryAfterMs ?? this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.greatest);
  }

  #connectIn(ms) {
    clearTimeout(this.#reconnectTimer);
    this.#reconnectTimer = setTimeout(() => this.#socket.connect(), ms);
  }

  #hangUp() {
    this.#online = false;
    clearTimeout(this.#reconnectTimer);
    clearTimeout(this.#tokenTimer);
    this.#socket.disconnect();
  }

  #end({ reason, error }) {
    this.#hangUp();
    this.#report({ state: 'ended', reason, error });
  }

  #reportLost(why = this.#why) {
    this.#why = why;
    this.#report({ state: 'reconnecting', ...why });
  }

  #report(status) {
    this.#on.status?.(status);
  }

  /** By the server's clock: this one may be wrong. */
  #renewTokenBefore(expiresAt, serverTime) {
    const waitMs = (expiresAt - serverTime) / 2;
    clearTimeout(this.#tokenTimer);
    if (waitMs < SHORTEST_TOKEN_WAIT_MS || waitMs > LONGEST_TIMER_MS) return;
    this.#tokenTimer = setTimeout(() => void this.#renewToken(expiresAt, serverTime + waitMs), waitMs);
  }

  /** A fresh token keeps the connection. Without one the server ends it with `token_expired`, and it is made anew. */
  async #renewToken(expiresAt, serverTime) {
    try {
      const token = await this.#getToken(true);
      const answer = await this.#request('auth:refresh', { token });
      this.#renewTokenBefore(answer.expiresAt, serverTime);
    } catch (error) {
      if (error.code !== 'unauthorized' && this.#online) this.#renewTokenBefore(expiresAt, serverTime);
    }
  }

  // --- presence

  async #sayWatched(users) {
    for (let at = 0; at < users.length; at += MOST_PER_REQUEST) {
      try {
        const request = { users: users.slice(at, at + MOST_PER_REQUEST) };
        const { presence } = await this.#insist('presence:watch', request);
        for (const [userId, state] of Object.entries(presence)) this.#on.presence?.({ userId, ...state });
      } catch {
        return; // the connection is gone, and the next one begins here; or more is watched than the server allows
      }
    }
  }

  // --- receiving

  /**
   * Delivery is at least once: after a reconnect a message may come again, and `id` tells. It is acked again all
   * the same, since its first ack is what has been lost. One that the handler fails at is acked too, or it would come
   * again at every connect and be all that ever comes.
   */
  #onMessage(message) {
    if (!this.#seenIds.has(message.id)) {
      this.#remember(message.id);
      try {
        this.#on.message?.(message);
      } catch (error) {
        console.error(error);
      }
    }
    this.#ack(message.channel, message.offset);
  }

  #remember(id) {
    this.#seenIds.add(id);
    if (this.#seenIds.size > REMEMBERED_IDS) this.#seenIds.delete(this.#seenIds.values().next().value);
  }

  /** Acks are cumulative: while one is in flight the others merge, and only the greatest offset is sent next. */
  #ack(channel, offset) {
    const ack = this.#acks.get(channel);
    if (ack === undefined || compareOffsets(offset, ack.wanted) <= 0) return;
    ack.wanted = offset;
    if (!ack.inFlight) void this.#sendAcks(channel, ack);
  }

  async #sendAcks(channel, ack) {
    ack.inFlight = true;
    try {
      while (compareOffsets(ack.wanted, ack.known) > 0) {
        const offset = ack.wanted;
        await this.#request('inbox:ack', { channel, offset });
        ack.known = offset;
      }
    } catch {
      // The next message's ack covers this one; after a reconnect the messages come again.
    } finally {
      ack.inFlight = false;
    }
  }

  // --- sending

  #putInOutbox(payload) {
    const outgoing = { payload, obstacle: undefined, since: Date.now() };
    const { clientId } = payload;
    outgoing.promise = new Promise((resolve, reject) => {
      const settle = (how) => (value) => {
        clearTimeout(timer);
        if (this.#outbox.delete(clientId)) how(value);
      };
      outgoing.succeed = settle(resolve);
      outgoing.fail = settle(reject);
      const timer = setTimeout(() => outgoing.fail(outgoing.obstacle ?? noAnswer()), SEND_TIMEOUT_MS);
    });
    this.#outbox.set(clientId, outgoing);
    return outgoing;
  }

  /**
   * One after the other, each until there is an answer that settles it: so none is overtaken by those after it, and who
   * is told to wait waits with all of them. Without a connection it stops: the next `session` calls it again.
   */
  async #sendOutbox() {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#online && this.#outbox.size > 0) {
      const [outgoing] = this.#outbox.values();
      // No timer runs while a device sleeps, and the server knows a `clientId` again for some minutes only.
      if (Date.now() - outgoing.since > SEND_TIMEOUT_MS) {
        outgoing.fail(noAnswer());
        continue;
      }
      try {
        outgoing.succeed(await this.#request('message:send', outgoing.payload));
      } catch (error) {
        if (error.code !== 'offline') await this.#waitOrFail(outgoing, error);
      }
    }
    this.#isSending = false;
  }

  async #waitOrFail(outgoing, error) {
    outgoing.obstacle = error;
    const waitMs = waitBefore(error);
    if (waitMs === undefined || waitMs > SEND_TIMEOUT_MS) outgoing.fail(error);
    else await Promise.race([delay(waitMs), outgoing.promise.catch(() => undefined)]);
  }

  /** A request that may be made twice: made until it is answered, or the connection is gone. */
  async #insist(event, payload) {
    for (;;) {
      try {
        return await this.#request(event, payload);
      } catch (error) {
        const waitMs = waitBefore(error);
        if (waitMs === undefined || error.code === 'offline') throw error;
        await delay(waitMs);
      }
    }
  }

  /** One request event and its answer; an error answer becomes a `BeelineError`. */
  async #request(event, payload) {
    if (!this.#online) throw offline();
    let answer;
    try {
      answer = await this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
    } catch {
      throw this.#online ? noAnswer() : offline();
    }
    if (!answer.ok) throw new BeelineError(answer.error);
    return answer;
  }
}

function offline() {
  return new BeelineError({ code: 'offline', message: 'there is no connection', retryable: true });
}

function noAnswer() {
  return new BeelineError({ code: 'timeout', message: 'no answer came', retryable: true });
}

/** How long to wait before trying again; undefined where that does not help. */
function waitBefore({ code, retryable, retryAfterMs }) {
  // Over a number, and not over a rate: time does not lower it.
  if (!retryable || (code === 'rate_limited' && retryAfterMs === undefined)) return undefined;
  return retryAfterMs ?? RETRY_MS.first;
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
