import { randomUUID } from 'node:crypto';
import type { Entry, Grant } from '../../src/hub';
import type {
  HeldConnection,
  Append,
  Appended,
  Registered,
  Registration,
  Routes,
} from '../../src/routing/mailbox.port';
import {
  type Channel,
  type ClientId,
  type ConnectionId,
  type DeviceId,
  type MessageId,
  type NodeId,
  type Offset,
  parseOffset,
  printDraft,
  type UserId,
} from '../../src/shared';
import { waitUntil } from '../support/wait-until';
import type { OpenStore } from './store-kind';

export const CHAT = 'chat' as Channel;
export const NEWS = 'notification' as Channel;
export const PHONE = 'phone' as DeviceId;
export const LAPTOP = 'laptop' as DeviceId;

export const aUser = (): UserId => `user-${randomUUID()}` as UserId;
export const aNode = (): NodeId => `node-${randomUUID()}` as NodeId;
export const aConnection = (): ConnectionId => randomUUID() as ConnectionId;
export const aDevice = (): DeviceId => `device-${randomUUID()}` as DeviceId;
export const aClientId = (): ClientId => randomUUID() as ClientId;

export const HOME = 'home';

/** Opens a login from there, of an account whose hash is 'hash' where there is one. Returns when. */
export async function openLogin(
  { accounts }: Pick<OpenStore, 'accounts'>,
  user: UserId,
  loginId: string,
  ttlMs: number,
): Promise<number> {
  const openedAt = await accounts.openLogin(user, loginId, ttlMs, { place: HOME, passwordHash: 'hash' });
  if (typeof openedAt !== 'number') throw new Error(`not opened: ${openedAt}`);
  return openedAt;
}

/** An offset written by hand. */
export function at(text: string): Offset {
  const offset = parseOffset(text);
  if (offset === undefined) throw new Error(`${text} is no offset`);
  return offset;
}

/** An offset that is `by` after another, within the same millisecond. */
export function justAfter(offset: Offset, by = 1): Offset {
  const [ms, n] = offset.split('-');
  return at(`${ms}-${Number(n) + by}`);
}

export function aMessage(fields: Partial<Omit<Append, 'draft'>> & { to: UserId; body?: string }): Append {
  const { body = 'hi', ...rest } = fields;
  const append = {
    channel: CHAT,
    from: 'sender' as UserId,
    id: randomUUID() as MessageId,
    clientId: undefined,
    needsAccount: false,
    heedsBlocks: true,
    receipt: false,
    ...rest,
  };
  const { id, channel, from, to, clientId, receipt } = append;
  const draft = { id, channel, from, to, ...(receipt && { receipt }) };
  return {
    ...append,
    draft: printDraft(clientId === undefined ? draft : { ...draft, clientId }, JSON.stringify(body)),
  };
}

/** Appends so many messages, one after the other. */
export async function appendMany(
  store: OpenStore,
  to: UserId,
  count: number,
  channel = CHAT,
): Promise<Appended[]> {
  const appended: Appended[] = [];
  for (let i = 0; i < count; i++) {
    appended.push(await store.mailbox.append(aMessage({ to, channel, body: `message ${i}` }), []));
  }
  return appended;
}

export function aRegistration(fields: Partial<Registration> & { userId: UserId }): Registration {
  return {
    connectionId: aConnection(),
    nodeId: aNode(),
    deviceId: undefined,
    grant: aGrant(),
    channels: [CHAT, NEWS],
    since: new Map(),
    ...fields,
  };
}

/** Of a token without a login, issued when no user of these tests has been revoked. */
export const aGrant = (fields: Partial<Grant> = {}): Grant => ({
  scopes: new Set(),
  loginId: undefined,
  issuedAt: 1,
  expiresAt: Number.MAX_SAFE_INTEGER,
  ...fields,
});

/** A registration that must be accepted. */
export async function register(
  store: OpenStore,
  registration: Registration,
  dead: readonly NodeId[] = [],
): Promise<Registered> {
  const outcome = await store.mailbox.register(registration, dead);
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused}`);
  return outcome;
}

/** A connection as the node that registered it holds it. */
export async function connect(
  store: OpenStore,
  fields: Partial<Registration> & { userId: UserId },
): Promise<HeldConnection & { nodeId: NodeId; userId: UserId }> {
  const registration = aRegistration(fields);
  const { since } = await register(store, registration);
  const { connectionId, deviceId, nodeId, userId, grant } = registration;
  return { connectionId, deviceId, nodeId, userId, grant, since };
}

/** Routes in a form that compares well. */
export function plain(routes: Routes): Record<string, string[]> {
  return Object.fromEntries([...routes].map(([node, connections]) => [node, [...connections].sort()]));
}

/** What an append would be routed to. */
export async function routesOf(
  store: OpenStore,
  user: UserId,
  dead: NodeId[] = [],
): Promise<Record<string, string[]>> {
  return plain((await store.mailbox.append(aMessage({ to: user, channel: NEWS }), dead)).routes);
}

export const offsetsOf = (items: readonly { offset: Offset }[]): Offset[] =>
  items.map(({ offset }) => offset);
export const messageIdsOf = (entries: readonly Entry[]): string[] =>
  entries.map(({ json }) => (JSON.parse(json) as { id: string }).id);

/** All that an inbox keeps, page by page. */
export async function readAll(store: OpenStore, user: UserId, channel = CHAT): Promise<Entry[]> {
  const entries: Entry[] = [];
  let more = true;
  while (more) {
    const page = await store.inboxes.readAfter(user, channel, entries.at(-1)?.offset ?? at('0-0'));
    entries.push(...page.entries);
    more = page.more;
  }
  return entries;
}

/** Waits until the store's clock shows more than this. */
export async function storeIsPast(store: OpenStore, timeMs: number): Promise<void> {
  await waitUntil(`the store's clock is past ${timeMs}`, async () => (await store.storeNow()) > timeMs);
}

/** Waits until the store's clock shows another millisecond. */
export async function tick(store: OpenStore): Promise<void> {
  await storeIsPast(store, await store.storeNow());
}
