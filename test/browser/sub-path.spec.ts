import type { Browser } from 'playwright-core';
import { type BeelineNode, closeNodes, startCluster } from '../support';
import { startBrowser, Visitor } from '../support/browser';
import { serveUnder, type SubPath } from '../support/sub-path';

describe('the page under a path of a site', () => {
  let browser: Browser;
  let node: BeelineNode;
  let site: SubPath;

  beforeAll(async () => {
    [browser, [node]] = await Promise.all([
      startBrowser(),
      startCluster(1, { LOCAL_ACCOUNTS: 'on' }) as Promise<[BeelineNode]>,
    ]);
    site = await serveUnder('/talk/live/', node.url);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await closeNodes(node);
  });

  it('asks for nothing outside of it: files, accounts, and the socket', async () => {
    const context = await browser.newContext();
    const paths: string[] = [];
    context.on('request', (request) => paths.push(new URL(request.url()).pathname));
    context.on('page', (page) =>
      page.on('websocket', (socket) => paths.push(new URL(socket.url()).pathname)),
    );
    const ann = await Visitor.register(context, site.url, 'ann');
    await ann.openTalkWith('ann');
    await ann.write('to myself');
    await ann.message('to myself', 'sent').first().waitFor();
    const [second] = await Promise.all([
      context.waitForEvent('page'),
      ann.page.locator('.second').getByRole('link', { name: 'Open a second window' }).click(),
    ]);
    await second.getByRole('heading', { name: 'Come in' }).waitFor();
    expect(second.url()).toBe(site.url);
    await ann.page.getByRole('button', { name: 'Log out' }).click();
    await ann.page.getByRole('heading', { name: 'Come in' }).waitFor();

    expect(paths.filter((path) => !path.startsWith('/talk/live/'))).toEqual([]);
    for (const path of ['app.js', 'auth/register', 'auth/logout', 'socket.io/'])
      expect(paths).toContain(`/talk/live/${path}`);
    expect(ann.complaints).toEqual([]);
    await context.close();
  });

  it('shares no memory with another Beeline of that host', async () => {
    const context = await browser.newContext();
    const ann = await Visitor.arrive(context, site.url);
    await ann.enter('ann', 'Log in');
    await ann.isConnected();
    await ann.openTalkWith('ben');
    const keys = await ann.page.evaluate<string[]>(
      '[...Object.keys(localStorage), ...Object.keys(sessionStorage)]',
    );
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.filter((key) => !key.startsWith('beeline /talk/live/'))).toEqual([]);
    await context.close();
  });
});
