/** One user at work: the connection, the conversations and who is online, brought together. No DOM. */
import { BeelineClient, newClientId } from './beeline-client.js';
import { Conversations } from './conversations.js';
import { OthersTyping, OwnTyping } from './typing.js';
import { errorInWords, isolated } from './words.js';

/** History is read backwards: to the first unread message, a page at least, this many at most. */
const PAGE = 200;
const MAX_HISTORY = 1_000;
/** Later than any message. */
const END = '9999999999999999-0';
const SENT = 'sent';

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
  #channel;
  #onChange;
  #onNotice;
  #isVisible;
  #hasHistory = false;
  #clockSkewMs = 0;
  #ownTyping = new OwnTyping((to, typing) => this.#client.sayTyping(to, typing, this.#channel));

  /** `onChange`: something to show has changed. `onNotice(text)`: something to say once. `isVisible`: can anybody see it? */
  constructor(login, { onChange, onNotice, isVisible }) {
    this.#isVisible = isVisible;
    this.#onChange = onChange;
    this.#onNotice = onNotice;
    this.typing = new OthersTyping(onChange);
    this.#client = new BeelineClient({
      deviceId: login.deviceId,
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

  send(to, text) {
    this.#ownTyping.stop({ silently: true });
    const at = Date.now() + this.#clockSkewMs;
    const entry = this.conversations.write({ to, text, clientId: newClientId(), at });
    void this.#deliver(entry);
  }

  /** The same `clientId` again: if the first try was stored after all, this one is not. */
  retry(entry) {
    this.conversations.retry(entry);
    void this.#deliver(entry);
  }

  discard(entry) {
    this.conversations.discard(entry);
    this.#onChange();
  }

  async #deliver(entry) {
    this.#onChange();
    const { peer: to, text, clientId } = entry;
    try {
      // `copy`: my other devices, and this browser later, see what I wrote.
      const wishes = { copy: true, receipt: true };
      const payload = { to, body: { text }, clientId, channel: this.#channel, ...wishes };
      const { id, sentAt, offset } = await this.#client.send(payload);
      this.conversations.confirm(entry, { id, sentAt, place: offset });
    } catch (error) {
      this.conversations.fail(entry, errorInWords(error), error.retryable);
    }
    this.#onChange();
  }

  #setStatus(status) {
    this.status = status;
    this.#onChange();
  }

  #begin(session) {
    this.session = session;
    this.#clockSkewMs = session.serverTime - Date.now();
    this.#channel = Object.keys(session.channels).find((channel) => channel !== SENT);
    this.conversations ??= new Conversations(session.userId);
    this.conversations.setReadCursor(session.channels[this.#channel].read);
    if (!this.#hasHistory) void this.#readHistory();
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

  /** The server replays what this device has not had; what it had before a reload is read again here. */
  async #readHistory() {
    try {
      await Promise.all([this.#readBack(this.#channel), this.#readBack(SENT)]);
      this.#hasHistory = true;
    } catch (error) {
      this.#onNotice(`Older messages could not be read. ${errorInWords(error)}`);
    }
    this.#watchPeople();
    this.markShown();
    this.#onChange();
  }

  async #readBack(channel) {
    let before = END;
    for (let count = 0; count < MAX_HISTORY; count += PAGE) {
      const { messages, next, more } = await this.#client.pull(channel, { before, limit: PAGE });
      for (const message of messages) this.conversations.take(message);
      if (!more || channel === SENT) return;
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
