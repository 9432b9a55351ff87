/**
 * The store's own scripts, taken from the build without a node around them: the adapters of dist/ make each call, and
 * it is caught before it is sent, as `{ sha, keys, args }`. So what is measured is what runs, whatever it becomes.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const dist = (module) => require(`../../dist/${module}`);

export const CHANNEL = 'chat';
const BODY = { text: 'a message of some length' };
/** Of a token that names its login. */
const GRANT = { scopes: new Set(), loginId: 'login', issuedAt: 1, expiresAt: Number.MAX_SAFE_INTEGER };

export class StoreCalls {
  #caught;
  #mailbox;
  #keys;
  #texts = new Map();

  constructor() {
    const { RedisMailbox } = dist('routing/adapters/redis-mailbox.js');
    const { EntryLife } = dist('routing/entry-life.js');
    const { Keys } = dist('redis');
    const { readConfig } = dist('config');
    const config = readConfig({ REDIS_URL: 'redis://127.0.0.1', AUTH_SECRET: 'x'.repeat(32) });
    this.#keys = new Keys(config.redisKeyPrefix);
    this.channels = [...config.channels, 'sent'];
    this.sweepIntervalMs = config.sweepIntervalMs;
    const run = (script, keys, args) => {
      this.#caught = { sha: this.shaOf(script.lua), keys: keys.map(String), args: args.map(String) };
      // An answer that never comes would hold up what the store carries out in order.
      return Promise.reject(new Error('caught, and not sent'));
    };
    // Calls are made beforehand, and carried out at any time later.
    const clock = { now: () => Date.now() + 86_400_000 };
    this.#mailbox = new RedisMailbox({ run }, this.#keys, config, clock, new EntryLife(config));
  }

  /** Every script that has been called so far, to be loaded before it is run. */
  get texts() {
    return [...this.#texts.keys()];
  }

  nodeChannel(node) {
    return this.#keys.nodeChannel(node);
  }

  /** One call for all of these messages, as a node makes of what it has to append in one turn; with their drafts. */
  async append(...messages) {
    const { printDraft } = dist('shared');
    const { uuidv7 } = require('uuidv7');
    const appends = messages.map(({ from, to, clientId }) => {
      const id = uuidv7();
      const draft = printDraft({ id, channel: CHANNEL, from, to, clientId }, JSON.stringify(BODY));
      return { to, channel: CHANNEL, from, id, clientId, draft, needsAccount: false, receipt: false };
    });
    this.#caught = undefined;
    for (const append of appends) this.#mailbox.append(append, []).catch(() => undefined);
    await new Promise(setImmediate);
    return { ...this.#whatWasCaught(), drafts: appends.map(({ draft }) => draft) };
  }

  register(userId, nodeId) {
    const connection = {
      connectionId: `connection-of-${userId}`,
      nodeId,
      deviceId: `${userId}-device`,
      grant: GRANT,
    };
    return this.#catch((mailbox) =>
      mailbox.register({ userId, ...connection, channels: this.channels, since: new Map() }, []),
    );
  }

  sweep(userId, nodeId) {
    const held = {
      connectionId: `connection-of-${userId}`,
      deviceId: `${userId}-device`,
      grant: GRANT,
      since: 1,
    };
    return this.#catch((mailbox) => mailbox.sweep(userId, nodeId, [held], this.channels, []));
  }

  /** What a node publishes to the node that holds the receiver. */
  envelope(to, draft) {
    const { printEnvelope } = dist('routing/envelope.js');
    const { completeDraft } = dist('shared');
    const [offset, prev] = ['1795467600000-0', '1795467600000-0'];
    const json = completeDraft(draft, offset);
    const connectionIds = [`connection-of-${to}`];
    return printEnvelope({
      kind: 'message',
      userId: to,
      channel: CHANNEL,
      offset,
      prev,
      connectionIds,
      json,
    });
  }

  #catch(call) {
    this.#caught = undefined;
    call(this.#mailbox).catch(() => undefined);
    return this.#whatWasCaught();
  }

  #whatWasCaught() {
    if (this.#caught === undefined)
      throw new Error('the store has run no script: this benchmark must follow it');
    return this.#caught;
  }

  /** The digest that a script runs by. */
  shaOf(lua) {
    let sha = this.#texts.get(lua);
    if (sha === undefined) {
      sha = createHash('sha1').update(lua).digest('hex');
      this.#texts.set(lua, sha);
    }
    return sha;
  }
}
