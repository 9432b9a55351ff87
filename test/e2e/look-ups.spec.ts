import { Injectable } from '@nestjs/common';
import { createApp, listen } from '../../src/app';
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

const LOOK_UPS_AT_ONCE = 16;
const SENDS_AT_ONCE = 128;
/** What has been read with the last straw is handed over: a chunk of the socket. */
const CHUNK_BYTES = 64 * 1024;
const LOOKS = 20_000;

/** Takes its time, and counts who waits for it. */
@Injectable()
class SlowPolicy extends ContactPolicy {
  static readonly most = { send: 0, see: 0 };
  private static readonly waiting = { send: 0, see: 0 };

  override maySend(): Promise<boolean> {
    return SlowPolicy.answer('send');
  }

  override maySee(): Promise<boolean> {
    return SlowPolicy.answer('see');
  }

  private static async answer(what: 'send' | 'see'): Promise<boolean> {
    SlowPolicy.waiting[what] += 1;
    SlowPolicy.most[what] = Math.max(SlowPolicy.most[what], SlowPolicy.waiting[what]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    SlowPolicy.waiting[what] -= 1;
    return true;
  }
}

describe('what one connection has under way', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    const config = readConfig({
      REDIS_URL: process.env['TEST_REDIS_URL'],
      REDIS_KEY_PREFIX: uniquePrefix(),
      AUTH_SECRET: TEST_SECRET,
      LOCAL_ACCOUNTS: 'off',
      HOST: '127.0.0.1',
      PORT: '0',
      SEND_RATE_PER_SECOND: '100000',
      NEW_RECEIVERS_PER_HOUR: '100000',
      LOG_LEVEL: 'silent',
    });
    const app = await createApp(config, { contactPolicy: SlowPolicy });
    await listen(app, config);
    node = { url: await app.getUrl(), app, close: () => app.close() };
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  it('is sixteen look-ups; the others wait, and all are answered', async () => {
    const client = await TestClient.connect(node, uniqueUser('asker'));
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => client.request('presence:get', { users: [`u-${i}`] })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(300);
    expect(SlowPolicy.most.see).toBeLessThanOrEqual(LOOK_UPS_AT_ONCE);
  });

  it('is 128 sends, and what was read with the last; then nothing is read until they are answered', async () => {
    const client = await TestClient.connect(node, uniqueUser('sender'));
    const text = 'x'.repeat(8 * 1024);
    const answers = await Promise.all(
      Array.from({ length: 600 }, (_, i) =>
        client.request('message:send', { to: `u-${i}`, body: text, clientId: `c-${i}` }),
      ),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(600);
    expect(SlowPolicy.most.send).toBeLessThanOrEqual(SENDS_AT_ONCE + Math.ceil(CHUNK_BYTES / text.length));
  });
});

describe('look-ups', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node));

  it('are paid for by what they ask, from one purse for every connection and REST; others have their own', async () => {
    const asker = uniqueUser('asker');
    const [one, other] = [await TestClient.connect(node, asker), await TestClient.connect(node, asker)];
    const users = Array.from({ length: 200 }, (_, i) => `u-${i}`);
    // Two hundred questions to one receiver's inbox: a single look for the store.
    const messages = users.map((_, i) => ({ to: 'u-0', channel: 'chat', offset: `${i + 1}-1` }));
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: LOOKS / 200 }, () => [
        one.request('receipts:get', { messages }),
        other.request('receipts:get', { messages }),
      ]).flat(),
    );
    // On a busy machine some may be too late for the store; those are paid for as well.
    const codes = answers.map((answer) => (answer.ok ? 'ok' : (answer.error as { code: string }).code));
    // As many again come back every ten seconds.
    const came = Math.ceil((performance.now() - startedAt) / 1000) * 10;
    expect(codes.filter((code) => code === 'ok').length).toBeLessThanOrEqual(LOOKS / 200 + came);
    expect(codes).toContain('rate_limited');
    expect(codes.every((code) => ['ok', 'rate_limited', 'unavailable'].includes(code))).toBe(true);
    const asked = await Promise.all(
      Array.from({ length: 20 }, () =>
        rest(node, 'POST', '/presence/query', { token: tokenFor(asker), body: { users } }),
      ),
    );
    expect(asked.find(({ status }) => status === 429)?.body).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: expect.any(Number) as number,
    });
    const bystander = await TestClient.connect(node, uniqueUser('bystander'));
    expect(await bystander.request('presence:get', { users })).toMatchObject({ ok: true });
  }, 30_000);
});
