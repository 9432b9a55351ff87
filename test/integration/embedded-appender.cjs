/**
 * A process that writes to an embedded store until it is killed: the built adapters, without the framework around
 * them. It says `ready` when it has loaded, begins when it is told where, and reports every answer it gets.
 */
const Module = require('node:module');
const { join } = require('node:path');

/** Decorators do nothing here (a class stays as it is), and loading what they come from would take most of the time. */
const isClass = (value) => typeof value === 'function' && String(value).startsWith('class');
const inert = new Proxy(function () {}, {
  get: () => inert,
  apply: (_target, _this, [decorated]) => (isClass(decorated) ? undefined : inert),
});
const load = Module._load;
Module._load = function (name, ...rest) {
  return /^(@nestjs|class-validator|jsonwebtoken|jwks-rsa|pino)/.test(name)
    ? inert
    : load.call(this, name, ...rest);
};
const dist = (path) => require(join(__dirname, '../../dist', path));
// Of the inbox module an adapter uses a constant of the port; the index would bring in controllers and all.
require.cache[join(__dirname, '../../dist/inbox/index.js')] = { exports: dist('inbox/inbox-store.port.js') };
const { EmbeddedDatabase } = dist('embedded/database.js');
const { EmbeddedInboxStore } = dist('inbox/adapters/embedded-inbox-store.js');
const { EmbeddedMailbox } = dist('routing/adapters/embedded-mailbox.js');
const { printDraft } = dist('shared/index.js');

const AT_ONCE = 6;

process.once('message', (order) => void run(order));
process.on('disconnect', () => process.exit(0));
process.send({ kind: 'ready' });

/** `sends`: { to, clientId, bytes, ack }, taken in this order, a few at a time. */
async function run({ dataDir, config, sends }) {
  const database = await EmbeddedDatabase.open(dataDir);
  const mailbox = new EmbeddedMailbox(database, config);
  const inboxes = new EmbeddedInboxStore(database, config);
  let next = 0;
  const worker = async () => {
    while (next < sends.length) await send(mailbox, inboxes, sends[next++]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.send({ kind: 'done' });
}

async function send(mailbox, inboxes, { to, clientId, bytes, ack }) {
  const id = `id-${clientId}`;
  const head = { id, channel: 'chat', from: 'sender', to, clientId };
  const draft = printDraft(head, JSON.stringify('x'.repeat(bytes)));
  const { offset, prev } = await mailbox.append({ ...head, draft, needsAccount: false, receipt: false }, []);
  process.send({ kind: 'sent', to, clientId, offset, isNew: prev !== undefined });
  if (!ack) return;
  const { delivered } = await inboxes.moveDelivered(to, 'chat', 'phone', offset);
  process.send({ kind: 'delivered', to, offset: delivered });
}
