import type { Browser } from 'playwright-core';
import {
  type BeelineNode,
  freePort,
  type RedisServer,
  startNode,
  startRedis,
  TestClient,
  tokenFor,
  uniquePrefix,
} from '../support';
import { addAccount, startBrowser, Visitor } from '../support/browser';

describe('the page when something fails under it', () => {
  let browser: Browser;
  let redis: RedisServer;
  let node: BeelineNode;
  let visitor: Visitor;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await visitor.page.context().close();
    await node.close();
    await redis.stop();
    visitor.requireCalm();
  });
  afterAll(() => browser?.close());

  it('comes back by itself when its node has been away, and sends what was written meanwhile', async () => {
    const environment = {
      PORT: String(await freePort()),
      REDIS_URL: redis.url,
      REDIS_KEY_PREFIX: uniquePrefix(),
    };
    node = await startNode({ LOCAL_ACCOUNTS: 'on', ...environment });
    await addAccount(node.url, 'ben');
    visitor = await Visitor.register(browser, node.url, 'ann');
    await visitor.openTalkWith('ben');
    await visitor.write('before');
    await visitor.message('before', 'sent').waitFor();
    const firstNode = await visitor.page.locator('#node').getAttribute('title');

    await node.close();
    await visitor.status('Reconnecting…').waitFor();
    await visitor.page.locator('#banner').getByText('The node has been shut down. Reconnecting.').waitFor();
    await visitor.write('meanwhile');
    await visitor.message('meanwhile', 'waiting').waitFor();

    node = await startNode({ LOCAL_ACCOUNTS: 'on', ...environment });
    await visitor.isConnected();
    await visitor.message('meanwhile', 'sent').waitFor();
    expect(await visitor.page.locator('#node').getAttribute('title')).not.toBe(firstNode);
    await visitor.page.locator('#banner').waitFor({ state: 'hidden' });

    const ben = await TestClient.connect(node, 'ben');
    expect(ben.messages.map(({ body }) => body)).toEqual([{ text: 'before' }, { text: 'meanwhile' }]);
    await ben.send('ann', { text: 'welcome back' }, 'c-1');
    await visitor.message('welcome back').waitFor();
    ben.close();
  });

  it('says that a message waits for the store, and sends it by itself when that is back', async () => {
    node = await startNode({ REDIS_URL: redis.url, REDIS_KEY_PREFIX: uniquePrefix() });
    visitor = await Visitor.bring(browser, node.url, tokenFor('ann'));
    await visitor.openTalkWith('ben');
    await redis.stop();
    await visitor.write('hold on');
    await visitor.write('and this');
    const reason = visitor.page
      .locator('[data-state=waiting]')
      .getByText('the server can not reach its store');
    await reason.first().waitFor({ timeout: 30_000 });

    redis = await startRedis('--port', String(redis.port));
    await visitor.message('and this', 'sent').waitFor({ timeout: 45_000 });
    await visitor.message('hold on', 'sent').waitFor();
    const ben = await TestClient.connect(node, 'ben');
    expect(ben.messages.map(({ body }) => body)).toEqual([{ text: 'hold on' }, { text: 'and this' }]);
    const sends = visitor.sent.filter(({ event }) => event === 'message:send');
    expect(sends.length).toBeGreaterThan(2);
    expect(new Set(sends.map(({ payload }) => payload['clientId'])).size).toBe(2);
    ben.close();
  }, 90_000);
});
