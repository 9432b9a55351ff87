import type { Browser, BrowserContext } from 'playwright-core';
import { type BeelineNode, closeNodes, startCluster, TestClient, uniqueUser, waitUntil } from '../support';
import { addAccount, startBrowser, Visitor } from '../support/browser';
import { Wire } from '../support/wire';

/** Connections that are cut come back after seconds, in two tabs one after the other. */
jest.setTimeout(60_000);

describe('what is written in the page', () => {
  let browser: Browser;
  let context: BrowserContext;
  let node: BeelineNode;
  let ann: string;
  let ben: string;
  let receiver: TestClient;

  beforeAll(async () => {
    [browser, [node]] = await Promise.all([
      startBrowser(),
      // What is stored twice shows as such: the server soon forgets a clientId.
      startCluster(1, { LOCAL_ACCOUNTS: 'on', DEDUPE_WINDOW_MS: '1000' }) as Promise<[BeelineNode]>,
    ]);
  });
  beforeEach(async () => {
    [ann, ben] = [uniqueUser('ann'), uniqueUser('ben')];
    await Promise.all([ann, ben].map((name) => addAccount(node.url, name)));
    context = await browser.newContext();
    receiver = await TestClient.connect(node, ben);
  });
  afterEach(async () => {
    receiver.close();
    await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await closeNodes(node);
  });

  /** A tab of ann's, connected, with ben's conversation open. */
  async function openTab(): Promise<{ visitor: Visitor; wire: Wire }> {
    const page = await context.newPage();
    const wire = await Wire.of(page);
    const visitor = await Visitor.at(page, node.url);
    await visitor.enter(ann, 'Log in');
    await visitor.isConnected();
    await visitor.openTalkWith(ben);
    return { visitor, wire };
  }

  async function cut({ visitor, wire }: { visitor: Visitor; wire: Wire }): Promise<void> {
    wire.cut();
    await visitor.status('Reconnecting…').waitFor();
  }

  const textsAtBen = (): unknown[] => receiver.messages.map(({ body }) => (body as { text: string }).text);
  const waitingKeys = (visitor: Visitor): Promise<string[]> =>
    visitor.page.evaluate<string[]>(`Object.keys(localStorage).filter((key) => key.includes(':waiting:'))`);
  const clientIdsOf = (keys: string[]): string[] => keys.map((key) => key.split(':').at(-1) ?? '');

  it('waits while there is no connection, also over a reload, and is sent by itself, in order, once', async () => {
    const tab = await openTab();
    const { visitor, wire } = tab;
    await cut(tab);
    for (const text of ['one', 'two', 'three']) await visitor.write(text);
    await visitor.message('three', 'waiting').waitFor();
    expect(await visitor.message('one', 'waiting').count()).toBe(1);
    expect(await visitor.message('three').locator('.state').textContent()).toBe(
      'Waiting: there is no connection',
    );
    const written = clientIdsOf(await waitingKeys(visitor));
    expect(written).toHaveLength(3);

    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'People' }).waitFor();
    wire.mend();
    await visitor.isConnected();
    await waitUntil('ben has all', () => receiver.messages.length >= 3);
    await visitor.openTalkWith(ben);
    for (const text of ['one', 'two', 'three']) await visitor.message(text, 'sent').waitFor();
    expect(textsAtBen()).toEqual(['one', 'two', 'three']);
    expect(wire.clientIds()).toHaveLength(3);
    expect(new Set(wire.clientIds())).toEqual(new Set(written));
    expect(await waitingKeys(visitor)).toEqual([]);
    expect(await visitor.texts()).toEqual(['You: one', 'You: two', 'You: three']);
  });

  it('is sent by the page itself when the connection is back, without a reload', async () => {
    const tab = await openTab();
    const { visitor, wire } = tab;
    await cut(tab);
    for (const text of ['one', 'two']) await visitor.write(text);
    await visitor.message('two', 'waiting').waitFor();
    wire.mend();
    for (const text of ['one', 'two']) await visitor.message(text, 'sent').waitFor();
    expect(textsAtBen()).toEqual(['one', 'two']);
    await visitor.write('three');
    await visitor.message('three', 'sent').waitFor();
    await waitUntil('ben has all', () => receiver.messages.length >= 3);
    expect(textsAtBen()).toEqual(['one', 'two', 'three']);
  });

  it('is not sent again where its answer was lost and the server has stored it: that is read first', async () => {
    const { visitor, wire } = await openTab();
    wire.loseAnswerTo('message:send');
    await visitor.write('stored');
    await waitUntil('it is stored', () => receiver.messages.length === 1);
    await visitor.write('after it');
    expect(await visitor.message('stored', 'sending').count()).toBe(1);
    wire.cut();
    await visitor.message('stored', 'waiting').waitFor();
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'People' }).waitFor();
    await expectForgotten(receiver);
    // A replay takes its time: it is asked for what is stored.
    wire.hides = /^42\["message",.*"channel":"sent"/;
    wire.mend();
    await visitor.isConnected();
    await visitor.openTalkWith(ben);
    await visitor.message('after it', 'sent').waitFor();
    await visitor.message('stored', 'sent').waitFor();
    await waitUntil('ben has both', () => textsAtBen().includes('after it'));
    expect(textsAtBen()).toEqual(['stored', 'after it']);
    expect(wire.sends()).toEqual([{ text: 'stored' }, { text: 'after it' }]);
  });

  /** The server no longer knows what was sent with this clientId: it stores it anew. */
  async function expectForgotten(client: TestClient): Promise<void> {
    const other = uniqueUser('other');
    await addAccount(node.url, other);
    await client.send(other, 'x', 'probe');
    await waitUntil(
      'a clientId of that time is forgotten',
      async () => (await client.send(other, 'x', 'probe'))['duplicate'] === false,
      10_000,
    );
  }

  it('leaves the line with its reason where it is refused, and holds up nothing behind it', async () => {
    const tab = await openTab();
    const { visitor, wire } = tab;
    await cut(tab);
    await visitor.write('x'.repeat(20_000));
    await visitor.write('behind it');
    await visitor.message('behind it', 'waiting').waitFor();
    wire.mend();
    await visitor.message('behind it', 'sent').waitFor();
    const refused = visitor.message('xxx', 'failed');
    await refused.getByText('This message is too long').waitFor();
    expect(await refused.locator('.state').textContent()).toBe('Not sent');
    expect(await visitor.page.getByRole('button', { name: 'Retry' }).count()).toBe(0);

    await visitor.page.reload();
    await visitor.isConnected();
    await visitor.openTalkWith(ben);
    await refused.getByText('This message is too long').waitFor();
    await refused.getByRole('button', { name: 'Remove' }).click();
    await refused.waitFor({ state: 'detached' });
    expect(await waitingKeys(visitor)).toEqual([]);
    await waitUntil('ben has it', () => receiver.messages.length > 0);
    expect(textsAtBen()).toEqual(['behind it']);
  });

  it('goes to each person by itself: who may not be written to holds up nobody else', async () => {
    const tab = await openTab();
    const { visitor, wire } = tab;
    const nobody = uniqueUser('nobody');
    await cut(tab);
    await visitor.openTalkWith(nobody);
    await visitor.write('is anybody there?');
    await visitor.openTalkWith(ben);
    await visitor.write('hello');
    wire.mend();
    await visitor.message('hello', 'sent').waitFor();
    await visitor.openTalkWith(nobody);
    await visitor.message('is anybody there?', 'failed').getByText('There is nobody of that name').waitFor();
    expect(textsAtBen()).toEqual(['hello']);
  });

  it('is not taken where too much waits already, and the page says so', async () => {
    const tab = await openTab();
    const { visitor } = tab;
    const { page } = visitor;
    await cut(tab);
    const seed = (count: number, text: string) =>
      page.evaluate(`for (let i = 0; i < ${count}; i += 1) {
        const record = { clientId: 'seed-' + i, to: ${JSON.stringify(ben)}, text: ${text}, at: i + 1 };
        localStorage.setItem('beeline:${ann}:waiting:seed-' + i, JSON.stringify(record));
      }`);
    const unseed = () =>
      page.evaluate(`for (const key of Object.keys(localStorage)) {
        if (key.includes('seed-')) localStorage.removeItem(key);
      }`);
    const field = page.getByRole('textbox', { name: 'Message to' });
    const refusal = page.locator('#notices').getByText('this message was not taken').last();

    await seed(199, "'x'");
    await visitor.write('the last that fits');
    await visitor.message('the last that fits', 'waiting').waitFor();
    await visitor.write('one too many');
    await refusal.waitFor();
    expect(await field.inputValue()).toBe('one too many');
    expect(await waitingKeys(visitor)).toHaveLength(200);

    await unseed();
    await refusal.waitFor({ state: 'detached' });
    await seed(1, "'x'.repeat(1024 * 1024 - 300)");
    await visitor.write('more than 1 MiB '.repeat(20));
    await refusal.waitFor();
    expect(await waitingKeys(visitor)).toHaveLength(2);
    await unseed();
    await visitor.write('there is room again');
    await visitor.message('there is room again', 'waiting').waitFor();
  });

  it('is not taken where the browser keeps no more, after what can be spared has gone', async () => {
    const tab = await openTab();
    const { visitor } = tab;
    const { page } = visitor;
    await cut(tab);
    /** Until the browser takes nothing more, in pieces: it is slow with large ones. */
    const fill = () =>
      page.evaluate(`(() => {
        for (let size = 4 * 1024 * 1024; size >= 128; size /= 2) {
          try {
            localStorage.setItem('of another application ' + Math.random(), 'x'.repeat(size));
          } catch {}
        }
      })()`);
    const long = 'long '.repeat(200);
    await page.evaluate(`localStorage.setItem('beeline:${ann}:own', 'x'.repeat(100_000))`);
    await fill();
    await visitor.write(`in place of what can be spared ${long}`);
    await visitor.message('in place of what can be spared', 'waiting').waitFor();
    await fill();
    await visitor.write(`no room ${long}`);
    await page.locator('#notices').getByText('This browser has no room').waitFor();
    expect(await page.getByRole('textbox', { name: 'Message to' }).inputValue()).toContain('no room');
    expect(await visitor.message('no room').count()).toBe(0);
  });

  it('is sent by one of two tabs, once, and both show it', async () => {
    const first = await openTab();
    const second = await openTab();
    await cut(first);
    await cut(second);
    const texts = ['one', 'two', 'three', 'four', 'five'];
    for (const text of texts) await first.visitor.write(text);
    await second.visitor.message('five', 'waiting').waitFor();
    first.wire.mend();
    second.wire.mend();
    for (const { visitor } of [first, second])
      for (const text of texts) await visitor.message(text, 'sent').waitFor();
    await waitUntil('ben has all', () => receiver.messages.length >= texts.length);
    await Promise.all([first, second].map(({ visitor }) => visitor.isConnected()));
    expect(textsAtBen()).toEqual(texts);
    expect([...first.wire.sends(), ...second.wire.sends()]).toHaveLength(texts.length);
    for (const { visitor } of [first, second])
      expect(await visitor.texts()).toEqual(texts.map((text) => `You: ${text}`));
  });

  it('is sent by another tab where its own has no connection, and the own one knows', async () => {
    const first = await openTab();
    const second = await openTab();
    await cut(first);
    await first.visitor.write('by way of the other');
    await first.visitor.message('by way of the other', 'sent').waitFor();
    await second.visitor.message('by way of the other', 'sent').waitFor();
    expect(first.wire.sends()).toEqual([]);
    expect(second.wire.sends()).toHaveLength(1);
    expect(textsAtBen()).toEqual(['by way of the other']);
  });

  it('is not lost where the tab that had begun to send it is closed', async () => {
    const first = await openTab();
    const second = await openTab();
    first.wire.loseAnswerTo('message:send');
    await first.visitor.write('begun');
    await waitUntil('it is stored', () => receiver.messages.length === 1);
    await first.visitor.write('not begun');
    await second.visitor.message('not begun').waitFor();
    await first.visitor.page.close();
    await second.visitor.message('begun', 'sent').first().waitFor();
    await second.visitor.message('not begun', 'sent').waitFor();
    await waitUntil('ben has both', () => textsAtBen().includes('not begun'));
    expect(textsAtBen()).toEqual(['begun', 'not begun']);
  });
});
