/** One user at work: the connection, the conversations and who is online, brought together. No DOM. */
import { BeelineClient, newClientId } from './beeline-client.js';
import { Conversations } from './conversations.js';
import { errorInWords } from './words.js';

const PRESENCE_POLL_MS = 4_000;
/** History is read backwards: to the first unread message, a page at least, this many at most. */
const PAGE = 200;
const MAX_HISTORY = 1_000;
/** Later than any message. */
const END = '9999999999999999-0';
const SENT = 'sent';
const MAX_PRESENCE_QUERY = 200;

export class Chat {
  status = { state: 'connecting' };
  session;
  /** From the first `session` on, which says who I am. */
  conversations;
  /** The conversation on the screen. */
  openedName;

  #client;
  #channel;
  #onChange;
  #onNotice;
  #isVisible;
  #hasHistory = false;
  #clockSkewMs = 0;
  #presenceTimer;

  /** `onChange`: something to show has changed. `onNotice(text)`: something to say once. `isVisible`: can anybody see it? */
  constructor(login, { onChange, onNotice, isVisible }) {
    this.#isVisible = isVisible;
    this.#onChange = onChange;
    this.#onNotice = onNotice;
    this.#client = new BeelineClient({
      deviceId: login.deviceId,
      getToken: (renew) => login.accessToken(renew),
      on: {
        status: (status) => this.#setStatus(status),
        session: (session) => this.#begin(session),
        message: (message) => this.#take(message),
        read: ({ channel, read }) => this.#moveReadCursor(channel, read),
        truncated: ({ channel }) => this.#tellTruncated(channel),
        announcement: ({ body }) => onNotice(`Announcement: ${textOf(body)}`),
      },
    });
    this.#client.connect();
  }

  /** Again, after the connection has ended for good. */
  reconnect() {
    this.#client.connect();
  }

  close() {
    clearTimeout(this.#presenceTimer);
    this.#client.close();
  }

  open(name) {
    if (name !== undefined) this.conversations.addPerson(name);
    this.openedName = name;
    this.markShown();
    void this.#lookWhoIsOnline();
    this.#onChange();
  }

  /** What is open has been seen, as far as somebody can see the page. */
  markShown() {
    if (this.openedName === undefined || !this.#isVisible()) return;
    const read = this.conversations.show(this.openedName);
    if (read !== undefined) void this.#markRead(read);
  }

  send(to, text) {
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
      const payload = { to, body: { text }, clientId, channel: this.#channel, copy: true };
      this.conversations.confirm(entry, await this.#client.send(payload));
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
    void this.#lookWhoIsOnline();
  }

  #take(message) {
    if (message.channel === this.#channel || message.channel === SENT) {
      this.conversations.take(message);
      this.markShown();
      this.#onChange();
    } else {
      this.#onNotice(`${message.channel} from ${message.from}: ${textOf(message.body)}`);
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

  /** Asked now and again while the page can be seen. */
  async #lookWhoIsOnline() {
    clearTimeout(this.#presenceTimer);
    this.#presenceTimer = setTimeout(() => void this.#lookWhoIsOnline(), PRESENCE_POLL_MS);
    const users = this.conversations.list().map(({ name }) => name);
    if (users.length === 0 || !this.#isVisible()) return;
    try {
      const presence = await this.#client.presenceOf(users.slice(0, MAX_PRESENCE_QUERY));
      this.conversations.setPresence(presence);
      this.#onChange();
    } catch {
      // Without a connection nobody is known to be anywhere; the next look tells.
    }
  }
}

function textOf(body) {
  return typeof body?.text === 'string' ? body.text : JSON.stringify(body);
}
