import type { Browser, Locator } from 'playwright-core';
import { type BeelineNode, closeNodes, rest, startCluster, tokenFor } from '../support';
import { addAccount, startBrowser, Visitor } from '../support/browser';

const HEBREW_NAME = 'שירה';
const ARABIC = 'مرحبا، كيف الحال؟ (beeline)';

/** The part of `window` that is used here. */
interface Styles {
  getComputedStyle(element: unknown): { direction: string };
}

describe('text that runs from right to left', () => {
  let browser: Browser;
  let node: BeelineNode;
  let ann: Visitor;

  beforeAll(async () => {
    [browser, [node]] = await Promise.all([
      startBrowser(),
      startCluster(1, { LOCAL_ACCOUNTS: 'on' }) as Promise<[BeelineNode]>,
    ]);
    await addAccount(node.url, HEBREW_NAME);
    ann = await Visitor.register(browser, node.url, 'ann');
  });
  afterAll(async () => {
    await browser?.close();
    await closeNodes(node);
  });

  const directionOf = (shown: Locator): Promise<string> =>
    shown.evaluate((element) => (globalThis as unknown as Styles).getComputedStyle(element).direction);

  it('runs so in the field, in messages, in names and in announcements, and moves nothing beside it', async () => {
    const say = (text: string) =>
      rest(node, 'POST', '/messages', {
        token: tokenFor(HEBREW_NAME),
        body: { to: 'ann', body: { text } },
      });
    await say('left to right');
    await say(ARABIC);
    await ann.openTalkWith(HEBREW_NAME);
    const field = ann.page.getByRole('textbox', { name: 'Message to' });
    await field.fill(ARABIC);
    expect(await directionOf(field)).toBe('rtl');
    await field.fill('left to right again');
    expect(await directionOf(field)).toBe('ltr');
    await ann.write(`${ARABIC}!`);

    // What only a screen reader is told (`You: `) does not decide it.
    await ann.message(`${ARABIC}!`, 'sent').waitFor();
    expect(await directionOf(ann.message(`${ARABIC}!`).locator('.bubble'))).toBe('rtl');
    expect(await directionOf(ann.message(ARABIC).first().locator('.bubble'))).toBe('rtl');
    expect(await directionOf(ann.message('left to right').locator('.bubble'))).toBe('ltr');
    expect(await directionOf(ann.page.locator('#peer-name'))).toBe('rtl');
    expect(await directionOf(ann.page.locator('.person .name'))).toBe('rtl');
    expect(await directionOf(ann.page.locator('.person .last'))).toBe('rtl');
    expect(await directionOf(ann.page.locator('.person .line'))).toBe('ltr');

    await rest(node, 'POST', '/admin/announcements', {
      token: tokenFor('root', { scope: 'admin' }),
      body: { body: { text: ARABIC } },
    });
    const announcement = ann.page.locator('#announcement-text');
    await announcement.getByText(ARABIC).waitFor();
    expect(await directionOf(announcement)).toBe('rtl');
  });
});
