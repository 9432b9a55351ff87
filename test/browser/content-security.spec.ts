import type { Browser } from 'playwright-core';
import { type BeelineNode, closeNodes, rest, startCluster, uniqueUser } from '../support';
import { startBrowser, Visitor } from '../support/browser';

/** A name that is not this machine's own: browsers take `localhost` and 127.0.0.1 for safe, whatever the scheme. */
const PLAIN_HOST = 'beeline.test';

describe('the headers that make browsers careful', () => {
  let browser: Browser;
  let node: BeelineNode;
  let plainUrl: string;

  beforeAll(async () => {
    [browser, [node]] = await Promise.all([
      startBrowser([`--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`]),
      startCluster(1, { LOCAL_ACCOUNTS: 'on' }) as Promise<[BeelineNode]>,
    ]);
    plainUrl = node.url.replace('127.0.0.1', PLAIN_HOST);
  });
  afterAll(async () => {
    await browser?.close();
    await closeNodes(node);
  });

  const headersOf = async (path: string) => (await fetch(`${node.url}${path}`)).headers;

  it.each(['/', '/app.js', '/docs', '/healthz', '/inbox', '/nowhere'])('are on %s', async (path) => {
    const headers = await headersOf(path);
    const policy = headers.get('content-security-policy') ?? '';
    for (const directive of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(directive);
    }
    expect(policy).not.toMatch(/upgrade-insecure-requests|unsafe-eval|script-src[^;]*unsafe-inline|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    // A proxy's to promise: see docs/security.md.
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('allow inline styles for Swagger UI, and nowhere else', async () => {
    expect((await headersOf('/docs')).get('content-security-policy')).toContain("'unsafe-inline'");
    for (const path of ['/', '/docsy', '/inbox']) {
      expect((await headersOf(path)).get('content-security-policy')).not.toContain("'unsafe-inline'");
    }
  });

  it('let the page work over plain HTTP, its WebSocket too, without a word in the console', async () => {
    const name = uniqueUser('ann');
    const context = await browser.newContext();
    const visitor = await Visitor.register(context, plainUrl, name);
    await visitor.openTalkWith(name);
    await visitor.write('to myself');
    await visitor.message('to myself').first().waitFor();
    expect(visitor.complaints).toEqual([]);
    await context.close();
  });

  it.each(['of this machine', 'over plain HTTP'])('let Swagger UI work %s', async (where) => {
    const url = where === 'over plain HTTP' ? plainUrl : node.url;
    const visitor = await Visitor.arrive(browser, `${url}/docs`);
    const { page } = visitor;
    await page.locator('[id^=operations-health]').filter({ hasText: '/healthz' }).click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table').getByText('200').first().waitFor();
    expect(visitor.complaints).toEqual([]);
    await page.close();
  });

  it('keep a script out that somebody has put into the page', async () => {
    const visitor = await Visitor.arrive(browser, node.url);
    const { page } = visitor;
    await page.evaluate(`(() => {
      const script = document.createElement('script');
      script.textContent = 'window.intruded = true';
      document.head.append(script);
    })()`);
    expect(await page.evaluate('window.intruded')).toBeUndefined();
    expect(visitor.complaints.join()).toContain('Content Security Policy');
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
    await page.close();
  });

  it('keep data from going to another host', async () => {
    const visitor = await Visitor.arrive(browser, node.url);
    const { page } = visitor;
    const elsewhere = node.url.replace('127.0.0.1', 'localhost');
    const outcome = await page.evaluate(
      (url) =>
        fetch(url).then(
          () => 'sent',
          () => 'refused',
        ),
      `${elsewhere}/healthz`,
    );
    expect(outcome).toBe('refused');
    expect(visitor.complaints.join()).toContain('connect-src');
    await page.close();
  });
});
