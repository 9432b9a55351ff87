/** One user at work: the connection, the conversations and who is online, brought together. No DOM. */
import { BeelineClient, BeelineError, newClientId } from './beeline-client.js';
import { Conversations } from './conversations.js';
import { hasLocks } from './locks.js';
import { Outbox } from './outbox.js';
import { OthersTyping, OwnTyping } from './typing.js';
import { bytesOf } from './waiting.js';
import { errorInWords, isolated } from './words.js';

/** History is read backwards: to the first unread message, a page at least, this many at most. */
const PAGE = 200;
const MAX_HISTORY = 1_000;
/** Later than any message. */
const END = '9999999999999999-0';
const SENT = 'sent';
/** The clock that wrote when something was written may differ from the server's by this much. */
const CLOCK_MARGIN_MS = 60_000;

export class Chat {
  status = { state: 'connecting' };
  session;
  /** From the first `session` on, which says who I am. */
  conversations;
  /** The conversation on the screen. */
  openedName;
  /** The last one, until it is dismissed. */
  announcement;
  typing;

  #client;
  /** With `conversations`. */
  #outbox;
  #channel;
  #onChange;
  #onNotice;
  #isVisible;
  #hasHistory = false;
  #readingHistory;
  #clockSkewMs = 0;
  #ownTyping = new OwnTyping((to, typing) => this.#client.sayTyping(to, typing, this.#channel));

  /** `onChange`: something to show has changed. `onNotice(text)`: something to say once. `isVisible`: can anybody see it? */
  constructor(login, deviceId, { onChange, onNotice, isVisible }) {
    this.#isVisible = isVisible;
    this.#onChange = onChange;
    this.#onNotice = onNotice;
    this.typing = new OthersTyping(onChange);
    this.#client = new BeelineClient({
      deviceId,
      getToken: (renew) => login.accessToken(renew),
      on: {
        status: (status) => this.#setStatus(status),
        session: (session) => this.#begin(session),
        message: (message) => this.#take(message),
        read: ({ channel, read }) => this.#moveReadCursor(channel, read),
        truncated: ({ channel }) => this.#tellTruncated(channel),
        receipt: (receipt) => this.#takeReceipt(receipt),
        presence: (presence) => this.#takePresence(presence),
        typing: (word) => word.channel === this.#channel && this.typing.take(word),
        announcement: ({ body }) => this.#announce(textOf(body)),
      },
    });
    this.#client.connect();
  }

  /** Again, after the connection has ended for good. */
  reconnect() {
    this.#client.connect();
  }

  close() {
    this.#ownTyping.stop();
    this.#outbox?.close();
    this.#client.close();
  }

  open(name) {
    this.#ownTyping.stop();
    if (name !== undefined) this.conversations.addPerson(name);
    this.openedName = name;
    this.#watchPeople();
    this.markShown();
    void this.#askForReceipts();
    this.#onChange();
  }

  dismissAnnouncement() {
    this.announcement = undefined;
    this.#onChange();
  }

  /** What is open has been seen, as far as somebody can see the page. */
  markShown() {
    if (this.openedName === undefined || !this.#isVisible()) return;
    const read = this.conversations.show(this.openedName);
    if (read !== undefined) void this.#markRead(read);
  }

  /** The text in the field has changed. */
  wrote(text) {
    this.#ownTyping.wrote(this.openedName, text);
  }

  /** Returns whether it was taken: it waits in this browser from then on, until it is stored or refused. */
  send(to, text) {
    try {
      const at = Date.now() + this.#clockSkewMs;
      this.conversations.write({ to, text, clientId: newClientId(), at });
    } catch (error) {
      this.#onNotice(errorInWords(error));
      return false;
    }
    this.#ownTyping.stop({ silently: true });
    this.#outbox.wake(to);
    this.#onChange();
    return true;
  }

  /** The storage has changed, and it was not this tab. */
  takeFromOtherTab(key, value) {
    const to = this.conversations?.takeFromOtherTab(key, value);
    // Without locks every tab would send it at once.
    if (to !== undefined && hasLocks) this.#outbox.wake(to);
    this.#onChange();
  }

  discard(entry) {
    this.conversations.discard(entry);
    this.#onChange();
  }

  #createOutbox() {
    return new Outbox({
      waiting: this.conversations.waiting,
      lockPrefix: `${this.conversations.prefix}line:`,
      look: () => (this.#hasHistory ? this.#readBack(SENT) : this.#readHistory()),
      send: (record) => this.#deliver(record),
      on: {
        line: (name, line) => this.#change(() => this.conversations.setLine(name, line)),
        stored: (record, { id, sentAt, offset: place }) =>
          this.#change(() => this.conversations.confirm(record, { id, sentAt, place })),
        refused: (record, error) =>
          this.#change(() => this.conversations.refuse(record, errorInWords(error))),
      },
    });
  }

  #change(change) {
    change();
    this.#onChange();
  }

  async #deliver({ to, text, clientId }) {
    const body = { text };
    // A frame of a size that the server does not read would end the connection, and come again.
    if (bytesOf(body) > this.session.limits.maxBodyBytes) {
      throw new BeelineError({ code: 'too_large', message: 'the message is too long' });
    }
    // `copy`: my other devices, and this browser later, see what I wrote.
    return this.#client.send({ to, body, clientId, channel: this.#channel, copy: true, receipt: true });
  }

  #setStatus(status) {
    this.status = status;
    if (status.state !== 'online') this.#outbox?.close();
    this.#onChange();
  }

  #begin(session) {
    this.session = session;
    this.#clockSkewMs = session.serverTime - Date.now();
    this.#channel = Object.keys(session.channels).find((channel) => channel !== SENT);
    this.conversations ??= new Conversations(session.userId);
    this.#outbox ??= this.#createOutbox();
    this.conversations.setReadCursor(session.channels[this.#channel].read);
    if (!this.#hasHistory) void this.#showHistory();
    this.#outbox.open();
    this.#watchPeople();
    void this.#askForReceipts();
  }

  #take(message) {
    if (message.channel === this.#channel || message.channel === SENT) {
      this.conversations.take(message);
      this.typing.forget(message.from);
      this.#watchPeople();
      this.markShown();
      this.#onChange();
    } else {
      this.#onNotice(`${message.channel} from ${isolated(message.from)}: ${isolated(textOf(message.body))}`);
    }
  }

  async #showHistory() {
    try {
      await this.#readHistory();
    } catch (error) {
      this.#onNotice(`Older messages could not be read. ${errorInWords(error)}`);
    }
  }

  /** The server replays what this device has not had; what it had before a reload is read again here. */
  #readHistory() {
    this.#readingHistory ??= Promise.all([this.#readBack(this.#channel), this.#readBack(SENT)])
      .then(() => (this.#hasHistory = true))
      .finally(() => {
        this.#readingHistory = undefined;
        this.#watchPeople();
        this.markShown();
        this.#onChange();
      });
    return this.#readingHistory;
  }

  /** Of what was sent: a page, or as far back as something has been waiting that may be among it. */
  async #readBack(channel) {
    const since = (this.conversations.waiting.all()[0]?.at ?? Infinity) - CLOCK_MARGIN_MS;
    let before = END;
    for (let count = 0; channel === SENT || count < MAX_HISTORY; count += PAGE) {
      const { messages, next, more } = await this.#client.pull(channel, { before, limit: PAGE });
      for (const message of messages) this.conversations.take(message);
      if (!more || (channel === SENT && !(messages.at(-1)?.sentAt > since))) return;
      before = next;
    }
  }

  async #markRead(offset) {
    try {
      const { read } = await this.#client.markRead(this.#channel, offset);
      this.#moveReadCursor(this.#channel, read);
    } catch {
      // Remembered in this browser; the next message that is shown moves the server's cursor too.
    }
  }

  #moveReadCursor(channel, read) {
    if (channel !== this.#channel) return;
    this.conversations.setReadCursor(read);
    this.#onChange();
  }

  #tellTruncated(channel) {
    if (channel === this.#channel) this.#onNotice('Some older messages were not kept by the server.');
  }

  /** Who is watched already is not asked for again. */
  #watchPeople() {
    this.#client.watch([...this.conversations.people.keys()]);
  }

  #takePresence(presence) {
    this.conversations.setPresence(presence);
    if (!presence.online) this.typing.forget(presence.userId);
    this.#onChange();
  }

  #takeReceipt(receipt) {
    if (receipt.channel !== this.#channel) return;
    this.conversations.takeReceipt(receipt);
    this.#onChange();
  }

  /** Receipts are hints: of what is on the screen the truth is asked for, once on each connection. */
  async #askForReceipts() {
    const to = this.openedName;
    const messages = to === undefined ? [] : this.conversations.awaitingReceipts(to);
    if (messages.length === 0) return;
    try {
      const channel = this.#channel;
      const receipts = await this.#client.receiptsOf(
        messages.map(({ place }) => ({ to, channel, offset: place })),
      );
      for (const { state, offset } of receipts) {
        if (state === 'delivered' || state === 'read') this.#takeReceipt({ channel, peer: to, offset });
      }
    } catch {
      // The next connection asks again.
    }
  }

  #announce(text) {
    this.announcement = text;
    this.#onChange();
  }
}

function textOf(body) {
  return typeof body?.text === 'string' ? body.text : JSON.stringify(body);
}
