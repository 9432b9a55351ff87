import type { Browser, BrowserContext } from 'playwright-core';
import { type BeelineNode, closeNodes, rest, startCluster, tokenFor, uniqueUser } from '../support';
import { startBrowser, Visitor } from '../support/browser';

/** A token that has less left than this is renewed by a page that is loaded: here each time. */
const SHORT_TOKEN = { ACCESS_TOKEN_TTL_MS: '25000' };

describe('a tab that is duplicated', () => {
  let browser: Browser;
  let context: BrowserContext;
  let node: BeelineNode;
  let ann: string;
  let refreshTokens: string[];

  beforeAll(async () => {
    [browser, [node]] = await Promise.all([
      startBrowser(),
      startCluster(1, { LOCAL_ACCOUNTS: 'on', ...SHORT_TOKEN }) as Promise<[BeelineNode]>,
    ]);
  });
  beforeEach(async () => {
    ann = uniqueUser('ann');
    context = await browser.newContext();
    refreshTokens = [];
    context.on('request', (request) => {
      if (!request.url().endsWith('/auth/refresh')) return;
      refreshTokens.push((request.postDataJSON() as { refreshToken: string }).refreshToken);
    });
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser?.close();
    await closeNodes(node);
  });

  /** A tab with a copy of what this one keeps for itself. The page in it is yet to be opened. */
  async function duplicate({ page }: Visitor): Promise<() => Promise<Visitor>> {
    const [copy] = await Promise.all([context.waitForEvent('page'), page.evaluate(`void window.open('')`)]);
    return () => Visitor.at(copy, node.url);
  }

  const kept = ({ page }: Visitor, key: string): Promise<string | null> =>
    page.evaluate<string | null>(`sessionStorage.getItem('${key}')`);

  async function reload(visitor: Visitor): Promise<void> {
    await visitor.page.reload();
    await visitor.isConnected();
  }

  it('is another device of the same login, and both stay', async () => {
    const first = await Visitor.register(context, node.url, ann);
    const device = await kept(first, 'beeline.device');
    const second = await (await duplicate(first))();
    await second.isConnected();
    const other = await kept(second, 'beeline.device');
    expect(other).not.toBe(device);
    expect(await first.page.locator('#status-text').textContent()).toBe('Connected');

    const zoe = uniqueUser('zoe');
    await rest(node, 'POST', '/messages', {
      token: tokenFor(zoe),
      body: { to: ann, body: { text: 'to both' } },
    });
    for (const tab of [first, second]) await tab.badge(zoe).getByText('1').waitFor();
    // A tab that is loaded anew is the same device as before.
    for (const tab of [first, second]) await reload(tab);
    expect(await kept(first, 'beeline.device')).toBe(device);
    expect(await kept(second, 'beeline.device')).toBe(other);
    for (const tab of [first, second]) expect(tab.complaints).toEqual([]);
  });

  it('ends nothing with a refresh token that is used up: it takes the newest of its login', async () => {
    const first = await Visitor.register(context, node.url, ann);
    const open = await duplicate(first);
    // The copy has the first pair. The server forgives the use of the last one, for a while, and of no older one.
    for (let i = 0; i < 3; i += 1) await reload(first);
    const second = await open();
    await second.isConnected();
    await reload(first);
    await reload(second);
    expect(await first.page.locator('#status-text').textContent()).toBe('Connected');
    expect(new Set(refreshTokens).size).toBe(refreshTokens.length);
    expect(refreshTokens.length).toBeGreaterThan(4);
    for (const tab of [first, second]) expect(tab.complaints).toEqual([]);
  });

  it('renews in turn with the others: no refresh token is used twice', async () => {
    const first = await Visitor.register(context, node.url, ann);
    const copies = [await duplicate(first), await duplicate(first)];
    const tabs = [first, ...(await Promise.all(copies.map((open) => open())))];
    await Promise.all(tabs.map((tab) => tab.isConnected()));
    for (let i = 0; i < 2; i += 1) await Promise.all(tabs.map((tab) => reload(tab)));
    expect(refreshTokens.length).toBeGreaterThan(tabs.length);
    expect(new Set(refreshTokens).size).toBe(refreshTokens.length);
  });

  it('leaves no tokens behind, where the last tab was closed or logged out', async () => {
    const shared = ({ page }: Visitor): Promise<string[]> =>
      page.evaluate<string[]>(`Object.keys(localStorage).filter((key) => key.startsWith('beeline.login:'))`);
    const first = await Visitor.register(context, node.url, ann);
    await reload(first);
    const ben = await Visitor.register(context, node.url, uniqueUser('ben'));
    await reload(ben);
    expect(await shared(ben)).toHaveLength(2);
    await first.page.close();
    await reload(ben);
    expect(await shared(ben)).toHaveLength(1);
    await ben.page.getByRole('button', { name: 'Log out' }).click();
    await ben.page.getByRole('heading', { name: 'Come in' }).waitFor();
    expect(await shared(ben)).toEqual([]);
  });
});
