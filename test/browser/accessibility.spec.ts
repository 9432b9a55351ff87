import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { type BeelineNode, rest, startCluster, tokenFor } from '../support';
import { addAccount, startBrowser, Visitor } from '../support/browser';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface AxeReport {
  violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** What axe-core finds serious or critical, readable. */
async function findingsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const report = await page.evaluate<AxeReport>('axe.run()');
  return report.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

describe.each(['light', 'dark'] as const)('accessibility of the page in %s', (colorScheme) => {
  let browser: Browser;
  let nodes: BeelineNode[];

  beforeAll(async () => {
    [browser, nodes] = await Promise.all([startBrowser(), startCluster(1, { LOCAL_ACCOUNTS: 'on' })]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(nodes?.map((node) => node.close()) ?? []);
  });

  it('has no serious finding on any screen', async () => {
    const node = nodes[0]!;
    const context = await browser.newContext({ colorScheme });
    const visitor = await Visitor.arrive(context, node.url);
    const { page } = visitor;
    expect(await findingsOf(page)).toEqual([]);
    await visitor.enter('no spaces', 'Log in');
    expect(await findingsOf(page)).toEqual([]);

    await visitor.enter('ann', 'Create account');
    await visitor.isConnected();
    expect(await findingsOf(page)).toEqual([]);

    for (const from of ['ben', 'cleo']) {
      await addAccount(node.url, from);
      const request = { token: tokenFor(from), body: { to: 'ann', body: { text: `from ${from}` } } };
      await rest(node, 'POST', '/messages', request);
    }
    await visitor.badge('ben').waitFor();
    await visitor.openTalkWith('cleo');
    await visitor.write('an answer');
    await visitor.message('an answer', 'sent').waitFor();
    await visitor.write('x'.repeat(20_000));
    await page.getByText('This message is too long').waitFor();
    expect(await findingsOf(page)).toEqual([]);

    await page.setViewportSize({ width: 390, height: 780 });
    expect(await findingsOf(page)).toEqual([]);

    await Promise.all(nodes.splice(0).map((each) => each.close()));
    await page.locator('#banner').getByText('Reconnecting').waitFor();
    await visitor.write('this waits');
    await visitor.message('this waits', 'waiting').waitFor();
    expect(await findingsOf(page)).toEqual([]);
  }, 90_000);
});
