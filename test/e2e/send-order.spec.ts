import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { ContactPolicy } from '../../src/policy';
import {
  type BeelineNode,
  closeNodes,
  rest,
  startNode,
  TEST_SECRET,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
} from '../support';

const COUNT = 100;
const inOrder = Array.from({ length: COUNT }, (_, i) => i);

/** Its answers come after anything from nothing to a few milliseconds, and some are no. */
@Injectable()
class SlowPolicy extends ContactPolicy {
  private asked = 0;

  override async maySend(_from: UserIdText, to: UserIdText): Promise<boolean> {
    this.asked += 1;
    const mayBeSent = !(to.startsWith('picky') && this.asked % 7 === 0);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    return mayBeSent;
  }
}
type UserIdText = Parameters<ContactPolicy['maySend']>[0];

/** A hundred sends in one tick, none of which is waited for. */
function sendAll(client: TestClient, to: string, more: object = {}): Promise<Record<string, unknown>[]> {
  return Promise.all(
    inOrder.map((body) => client.request('message:send', { to, body, clientId: `c-${body}`, ...more })),
  ) as Promise<Record<string, unknown>[]>;
}

/** What is in an inbox, all of it. */
async function bodiesOf(node: BeelineNode, user: string, channel = 'chat'): Promise<unknown[]> {
  const { body } = await rest(node, 'GET', `/inbox/${channel}?after=0-0&limit=200`, {
    token: tokenFor(user),
  });
  return (body['messages'] as { body: unknown }[]).map((message) => message.body);
}

describe('promise 2: what a connection sends without waiting is stored in the order in which it was sent', () => {
  let alice: string;
  let bob: string;
  beforeEach(() => {
    alice = uniqueUser('alice');
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);

  describe.each([
    ['Redis', {}],
    ['the embedded store', { REDIS_URL: '' }],
  ])('on %s', (_name, environment) => {
    let node: BeelineNode;
    let dataDir: string;
    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'beeline-order-'));
      node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix(), DATA_DIR: dataDir, ...environment });
    });
    afterAll(async () => {
      await closeNodes(node);
      await rm(dataDir, { recursive: true });
    });

    it('to a contact who is new', async () => {
      const client = await TestClient.connect(node, alice);
      for (const to of [bob, uniqueUser('carol'), uniqueUser('dave')]) {
        await sendAll(client, to);
        expect(await bodiesOf(node, to)).toEqual(inOrder);
      }
    });

    it('and so are the copies', async () => {
      const client = await TestClient.connect(node, alice);
      await sendAll(client, bob, { copy: true });
      expect(await bodiesOf(node, alice, 'sent')).toEqual(inOrder);
    });

    it('and reaches a receiver who is connected in that order', async () => {
      const receiver = await TestClient.connect(node, bob);
      await sendAll(await TestClient.connect(node, alice), bob);
      await receiver.receives(COUNT);
      expect(receiver.bodies()).toEqual(inOrder);
    });
  });

  it('after SCRIPT FLUSH, which comes again and again', async () => {
    const node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
    const admins = (process.env['TEST_REDIS_URL'] ?? '').split(',').map((url) => new Redis(url));
    try {
      const client = await TestClient.connect(node, alice);
      for (let trial = 0; trial < 5; trial += 1) {
        const to = uniqueUser('bob');
        const flushing = setInterval(() => {
          for (const admin of admins) void admin.script('FLUSH');
        }, 1);
        await sendAll(client, to).finally(() => clearInterval(flushing));
        expect(await bodiesOf(node, to)).toEqual(inOrder);
      }
    } finally {
      for (const admin of admins) admin.disconnect();
      await closeNodes(node);
    }
  });

  describe('with a contact policy whose answers take their time', () => {
    let node: BeelineNode;
    beforeAll(async () => {
      const config = readConfig({
        REDIS_URL: process.env['TEST_REDIS_URL'],
        REDIS_KEY_PREFIX: uniquePrefix(),
        AUTH_SECRET: TEST_SECRET,
        LOCAL_ACCOUNTS: 'off',
        SEND_RATE_PER_SECOND: '1000',
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'silent',
      });
      const app = await createApp(config, { contactPolicy: SlowPolicy });
      await app.listen(config.port, config.host);
      node = { url: await app.getUrl(), app, close: () => app.close() };
    });
    afterAll(() => closeNodes(node));

    it('in order, and asked in parallel', async () => {
      const client = await TestClient.connect(node, alice);
      const startedAt = performance.now();
      await sendAll(client, bob);
      expect(await bodiesOf(node, bob)).toEqual(inOrder);
      // One after the other they would take 250 ms at the least; a busy machine may need some of that.
      expect(performance.now() - startedAt).toBeLessThan(COUNT * 5);
    });

    it('in order, without those that are refused', async () => {
      const picky = uniqueUser('picky');
      const answers = await sendAll(await TestClient.connect(node, alice), picky);
      const accepted = inOrder.filter((i) => answers[i]?.['ok'] === true);
      expect(accepted.length).toBeLessThan(COUNT);
      expect(await bodiesOf(node, picky)).toEqual(accepted);
    });
  });
});
