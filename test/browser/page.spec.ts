import type { Browser, BrowserContext } from 'playwright-core';
import {
  type BeelineNode,
  rest,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';
import { addAccount, startBrowser, Visitor } from '../support/browser';

describe('the page at /', () => {
  let browser: Browser;
  let context: BrowserContext;
  let nodes: BeelineNode[];
  let [a, b]: BeelineNode[] = [];
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    [browser, nodes] = await Promise.all([startBrowser(), startCluster(2, { LOCAL_ACCOUNTS: 'on' })]);
    [a, b] = nodes;
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    for (const visitor of visitors.splice(0)) visitor.requireCalm();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(nodes?.map((node) => node.close()) ?? []);
  });

  async function register(name: string, url = a!.url): Promise<Visitor> {
    const visitor = await Visitor.register(context, url, name);
    visitors.push(visitor);
    return visitor;
  }

  async function logIn(name: string, url = a!.url): Promise<Visitor> {
    const visitor = await Visitor.logIn(context, url, name);
    visitors.push(visitor);
    return visitor;
  }

  it('lets two tabs of one browser be two users on two nodes, who talk', async () => {
    const ann = await register('ann');
    const ben = await register('ben', b!.url);
    await ann.openTalkWith('ben');
    await ann.write('hello ben');
    await ann.message('hello ben', 'sent').waitFor();
    await ben.openTalkWith('ann');
    await ben.message('hello ben').waitFor();
    await ben.write('<b>hello</b> ann');
    await ann.message('hello').nth(1).waitFor();
    expect(await ann.texts()).toEqual(['You: hello ben', 'ben: <b>hello</b> ann']);
    await ann.page.locator('#peer-presence').getByText('Online').waitFor();

    const [nodeOfAnn, nodeOfBen] = await Promise.all(
      [ann, ben].map(({ page }) => page.locator('#node').textContent()),
    );
    expect(nodeOfAnn).toContain(new URL(a!.url).host);
    expect(nodeOfBen).toContain(new URL(b!.url).host);
  });

  it('keeps a message for one who has left, shows it as unread when they are back, until it is opened', async () => {
    const cleo = await register('cleo');
    const dan = await register('dan');
    await cleo.openTalkWith('dan');
    await dan.openTalkWith('cleo');
    await dan.write('I am off');
    await cleo.message('I am off').waitFor();
    await dan.page.close();
    await cleo.person('dan').and(cleo.page.locator('[data-online=false]')).waitFor();
    await cleo.write('for later');
    await cleo.write('and this');
    await cleo.message('and this', 'sent').waitFor();

    const danAgain = await logIn('dan', b!.url);
    await danAgain.badge('cleo').getByText('2').waitFor();
    expect(await danAgain.page.title()).toBe('(2) Beeline');
    await danAgain.openTalkWith('cleo');
    await danAgain.badge('cleo').waitFor({ state: 'hidden' });
    await danAgain.message('and this').waitFor();
    expect(await danAgain.texts()).toEqual(['You: I am off', 'cleo: for later', 'cleo: and this']);
    expect(await danAgain.page.title()).toBe('Beeline');
    await waitUntil('the server knows that all is read', async () => {
      const { body } = await rest(a!, 'GET', '/inbox', { token: tokenFor('dan') });
      return (body['channels'] as { chat: { unread: number } }).chat.unread === 0;
    });
  });

  it('counts what is unread by person, and never reads for one what came from another', async () => {
    const eva = await register('eva');
    for (const [from, n] of [
      ['fay', 1],
      ['gil', 1],
      ['fay', 2],
    ] as const) {
      await rest(a!, 'POST', '/messages', {
        token: tokenFor(from),
        body: { to: 'eva', body: { text: `${from} ${n}` } },
      });
    }
    await eva.badge('fay').getByText('2').waitFor();
    await eva.badge('gil').getByText('1').waitFor();
    await eva.openTalkWith('fay');
    await eva.badge('fay').waitFor({ state: 'hidden' });
    // The one cursor of the inbox stays before what gil wrote.
    await waitUntil('the first is read', async () => {
      const { body } = await rest(a!, 'GET', '/inbox', { token: tokenFor('eva') });
      return (body['channels'] as { chat: { unread: number } }).chat.unread === 2;
    });
    await eva.page.reload();
    await eva.isConnected();
    await eva.badge('gil').getByText('1').waitFor();
    await eva.badge('fay').waitFor({ state: 'hidden' });
    expect(await eva.page.title()).toBe('(1) Beeline');
    await eva.openTalkWith('gil');
    await waitUntil('all is read', async () => {
      const { body } = await rest(a!, 'GET', '/inbox', { token: tokenFor('eva') });
      return (body['channels'] as { chat: { unread: number } }).chat.unread === 0;
    });
  });

  it('shows both halves of a conversation on another device, once each', async () => {
    const hal = await register('hal');
    const ida = await register('ida');
    await hal.openTalkWith('ida');
    await hal.write('one');
    await ida.openTalkWith('hal');
    await ida.write('two');
    await hal.message('two').waitFor();
    const elsewhere = await browser.newContext();
    try {
      const second = await Visitor.logIn(elsewhere, b!.url, 'hal');
      await second.openTalkWith('ida');
      await second.message('two').waitFor();
      await hal.write('three');
      await second.message('three').waitFor();
      await second.write('four');
      await hal.message('four', 'sent').waitFor();
      const expected = ['You: one', 'ida: two', 'You: three', 'You: four'];
      expect(await second.texts()).toEqual(expected);
      expect(await hal.texts()).toEqual(expected);
      expect(second.complaints).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it('ticks what was sent and delivered, also what happened while it was not connected, and calls nothing read', async () => {
    const sam = await register(uniqueUser('sam'));
    const tomName = uniqueUser('tom');
    const tom = await register(tomName, b!.url);
    await tom.page.close();
    await sam.openTalkWith(tomName);
    await sam.write('one');
    await sam.message('one', 'sent').waitFor();
    expect(await sam.message('one').locator('.state').textContent()).toBe('Sent');

    const tomAgain = await logIn(tomName, b!.url);
    await sam.message('one', 'delivered').waitFor();
    await tomAgain.openTalkWith((await sam.page.locator('#my-name').textContent()) ?? '');
    await sam.write('two');
    await sam.message('two', 'delivered').waitFor();
    // The read cursor is one for tom's whole inbox: what it proves of this conversation is that it was delivered.
    const token = tokenFor(tomName);
    await waitUntil('tom has read both', async () => {
      const { body } = await rest(a!, 'GET', '/inbox', { token });
      return (body['channels'] as { chat: { unread: number } }).chat.unread === 0;
    });
    await waitUntil('sam is told', () =>
      sam.received.some(({ event, payload }) => event === 'receipt' && payload['state'] === 'read'),
    );
    for (const text of ['one', 'two'])
      expect(await sam.message(text).locator('.state').textContent()).toBe('Delivered');

    await tomAgain.page.close();
    await sam.write('three');
    await sam.message('three', 'sent').waitFor();
    // Read while sam is away: no event comes for it, so the page has to ask.
    await sam.page.goto('about:blank');
    const { body } = await rest(a!, 'GET', '/inbox', { token });
    const { last } = (body['channels'] as { chat: { last: string } }).chat;
    await rest(a!, 'POST', '/inbox/chat/read', { token, body: { offset: last } });
    await sam.page.goto(a!.url);
    await sam.isConnected();
    await sam.openTalkWith(tomName);
    await sam.message('three', 'delivered').waitFor();
    expect(await sam.page.locator('#messages [data-state=read]').count()).toBe(0);
  });

  it('shows who is writing until they send, stop, or are not heard of', async () => {
    const [ulaName, vicName] = [uniqueUser('ula'), uniqueUser('vic')];
    const [ula, vic] = [await register(ulaName), await register(vicName, b!.url)];
    await ula.openTalkWith(vicName);
    await vic.openTalkWith(ulaName);
    const writing = ula.page.locator('#peer-presence').getByText('writing…');
    const field = vic.page.getByRole('textbox', { name: 'Message to' });

    await field.pressSequentially('he', { delay: 20 });
    await writing.waitFor();
    await ula.person(vicName).getByText('writing…').waitFor();
    await vic.write('hello');
    await ula.message('hello').waitFor();
    await writing.waitFor({ state: 'hidden' });
    expect(await ula.texts()).toEqual([`${vicName}: hello`]);

    await field.pressSequentially('more', { delay: 20 });
    await writing.waitFor();
    await field.fill('');
    await writing.waitFor({ state: 'hidden' });
    const words = vic.sent.filter(({ event }) => event === 'typing').map(({ payload }) => payload['typing']);
    expect(words).toEqual([true, true, false]);

    // A client that never says that it has stopped.
    const third = await TestClient.connect(a!, vicName, { deviceId: 'phone' });
    await third.request('typing', { to: ulaName, typing: true });
    await writing.waitFor();
    await writing.waitFor({ state: 'hidden' });
    third.close();
  });

  it('is told of presence instead of asking, on how many devices, and when somebody was last seen', async () => {
    const [wimName, xiaName] = [uniqueUser('wim'), uniqueUser('xia')];
    const wim = await register(wimName);
    const xia = await register(xiaName, b!.url);
    await wim.openTalkWith(xiaName);
    const line = wim.page.locator('#peer-presence');
    await line.getByText('Online', { exact: true }).waitFor();
    const phone = await TestClient.connect(a!, xiaName, { deviceId: 'phone' });
    await line.getByText('Online on 2 devices').waitFor();
    phone.close();
    await line.getByText('Online', { exact: true }).waitFor();
    await xia.page.close();
    await line.getByText('Last seen just now').waitFor();
    const asked = wim.sent.filter(({ event }) => event.startsWith('presence:'));
    expect(asked).toEqual([{ event: 'presence:watch', payload: { users: [xiaName] } }]);
  });

  it('takes its unread badges back when another window of the user has read', async () => {
    const [yanName, zoeName] = [uniqueUser('yan'), uniqueUser('zoe')];
    const yan = await register(yanName);
    await rest(a!, 'POST', '/messages', {
      token: tokenFor(zoeName),
      body: { to: yanName, body: { text: 'news' } },
    }).then(({ status }) => expect(status).toBe(201));
    await yan.badge(zoeName).getByText('1').waitFor();
    const other = await browser.newContext();
    try {
      const second = await Visitor.logIn(other, b!.url, yanName);
      await second.openTalkWith(zoeName);
      await yan.badge(zoeName).waitFor({ state: 'hidden' });
      expect(await yan.page.title()).toBe('Beeline');
    } finally {
      await other.close();
    }
  });

  it('ends in every window of a login that logs out, and stays when another login does', async () => {
    const name = uniqueUser('abe');
    const first = await register(name);
    const other = await logIn(name, b!.url);
    // Another window of the same login, as another device.
    const login = await first.page.evaluate<string>('sessionStorage.getItem("beeline.login")');
    const page = await context.newPage();
    await page.addInitScript({
      content: `sessionStorage.setItem('beeline.login', ${JSON.stringify(login)})`,
    });
    const second = await Visitor.at(page, b!.url);
    visitors.push(second);
    await second.isConnected();

    await first.page.getByRole('button', { name: 'Log out' }).click();
    await first.page.getByRole('heading', { name: 'Come in' }).waitFor();
    await second.page.locator('#banner').getByText('You were logged out').waitFor();
    expect(await second.page.locator('#status-text').textContent()).toBe('Ended');
    await second.page.getByRole('button', { name: 'Log in again' }).waitFor();
    expect(await other.page.locator('#status-text').textContent()).toBe('Connected');
    await other.openTalkWith(name);
    await other.write('still here');
    await other.message('still here', 'sent').first().waitFor();
  });

  it('shows an announcement until it is dismissed', async () => {
    const cam = await register(uniqueUser('cam'));
    const { status } = await rest(b!, 'POST', '/admin/announcements', {
      token: tokenFor('root', { scope: 'admin' }),
      body: { body: { text: 'Closed for an hour from <b>noon</b>.' } },
    });
    expect(status).toBe(202);
    const banner = cam.page.locator('#announcement');
    await banner.getByText('Closed for an hour from <b>noon</b>.').waitFor();
    await banner.getByRole('button', { name: 'Dismiss' }).click();
    await banner.waitFor({ state: 'hidden' });
  });

  it('ends honestly where the same tab was opened a second time, and the browser has no locks to tell', async () => {
    await context.addInitScript({
      content: `Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })`,
    });
    const jan = await register('jan');
    const storage = await jan.page.evaluate<string>('JSON.stringify({ ...sessionStorage })');
    const copy = await context.newPage();
    await copy.addInitScript({ content: `Object.assign(sessionStorage, ${storage})` });
    const second = await Visitor.at(copy, a!.url);
    visitors.push(second);
    await second.isConnected();
    await jan.page.locator('#banner').getByText('This session was opened somewhere else').waitFor();
    await jan.page.getByRole('button', { name: 'Connect here' }).click();
    await jan.isConnected();
    await second.page.locator('#banner').getByText('This session was opened somewhere else').waitFor();
    expect(await second.page.locator('#status-text').textContent()).toBe('Ended');
  });

  it("says the server's errors in words", async () => {
    await register('kim');
    const other = await Visitor.arrive(context, a!.url);
    await other.enter('kim', 'Create account');
    await other.page.getByText('This name is taken').waitFor();
    await other.enter('kim', 'Log in', 'not the password');
    await other.page.getByText('Wrong name or password').waitFor();
    await other.enter('no spaces', 'Log in');
    await other.page.getByText('A name is made of letters').waitFor();
    await other.enter('kim', 'Log in');
    await other.isConnected();
    await other.openTalkWith('lou');
    await other.write('is anybody there?');
    await other.page.getByText('There is nobody of that name here').waitFor();
    await other.page.getByRole('button', { name: 'Remove' }).click();
    await addAccount(a!.url, 'lou');
    await other.write('x'.repeat(20_000));
    await other.page.getByText('This message is too long').waitFor();
    expect(await other.page.getByRole('button', { name: 'Retry' }).isVisible()).toBe(false);
    await other.page.getByRole('button', { name: 'Edit' }).click();
    await other.write('shorter');
    await other.message('shorter', 'sent').waitFor();
    expect(await other.texts()).toEqual(['You: shorter']);
    expect(other.complaints.filter((line) => !/status of 40[19]/.test(line))).toEqual([]);
  });

  it('offers a second window in which somebody else can log in', async () => {
    const mia = await register('mia');
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      mia.page.locator('.second').getByRole('link', { name: 'Open a second window' }).click(),
    ]);
    await popup.getByRole('heading', { name: 'Come in' }).waitFor();
    expect(await popup.evaluate<number>('sessionStorage.length')).toBe(0);
  });

  it('can be used with the keyboard alone', async () => {
    await addAccount(a!.url, 'oli');
    const ned = await Visitor.arrive(context, a!.url);
    visitors.push(ned);
    const { keyboard } = ned.page;
    await keyboard.type('ned');
    await keyboard.press('Tab');
    await keyboard.type('correct horse battery staple');
    await keyboard.press('Enter');
    await ned.isConnected();
    await keyboard.type('oli');
    await keyboard.press('Enter');
    await ned.page.getByRole('heading', { name: 'oli', exact: true }).waitFor();
    await keyboard.type('typed only');
    await keyboard.press('Enter');
    await ned.message('typed only', 'sent').waitFor();
    expect(await ned.texts()).toEqual(['You: typed only']);
  });

  it('has a list and a conversation as two screens on a phone', async () => {
    const pia = await register('pia');
    await pia.page.setViewportSize({ width: 390, height: 780 });
    await pia.openTalkWith('quin');
    await pia.person('quin').waitFor({ state: 'hidden' });
    await pia.page.getByRole('button', { name: 'Back to people' }).click();
    await pia.person('quin').waitFor();
    expect(await pia.page.evaluate<string>('document.activeElement.closest("li").dataset.key')).toBe('quin');
    await pia.page.getByRole('textbox', { name: 'Message to' }).waitFor({ state: 'hidden' });
  });
});

describe('the page of a server without accounts', () => {
  it('says so, and takes a token', async () => {
    const [browser, [node]] = await Promise.all([startBrowser(), startCluster(1, { LOCAL_ACCOUNTS: 'off' })]);
    try {
      const visitor = await Visitor.arrive(browser, node!.url);
      await visitor.enter('rob', 'Create account');
      await visitor.page.getByText('This server keeps no accounts').waitFor();
      await visitor.page.getByLabel('Access token').fill(tokenFor('rob'));
      await visitor.page.getByRole('button', { name: 'Connect', exact: true }).click();
      await visitor.isConnected();
      expect(await visitor.page.locator('#my-name').textContent()).toBe('rob');
      await visitor.page.getByRole('button', { name: 'Log out' }).click();

      const problemWith = async (token: string): Promise<string | null> => {
        await visitor.page.getByText('I have a token').click();
        await visitor.page.getByLabel('Access token').fill(token);
        await visitor.page.getByRole('button', { name: 'Connect', exact: true }).click();
        const problem = visitor.page.locator('#token-problem, #banner-text').filter({ hasText: /\S/ });
        await problem.waitFor();
        const text = await problem.textContent();
        const again = visitor.page.getByRole('button', { name: 'Log in again' });
        if (await again.isVisible()) await again.click();
        else await visitor.page.reload();
        await visitor.page.getByRole('heading', { name: 'Come in' }).waitFor();
        return text;
      };
      for (const rubbish of ['', 'rubbish', 'a.b.c', `${tokenFor('rob')}.more`])
        expect(await problemWith(rubbish)).toContain('This is no access token');
      expect(await problemWith('x'.repeat(20_000))).toContain('too long for an access token');
      expect(await problemWith(tokenFor('rob', {}, -60_000))).toBe('This token has run out.');
      const [head, payload] = tokenFor('rob').split('.');
      expect(await problemWith(`${head}.${payload}.AAAA`)).toContain('may be signed with another key');
    } finally {
      await browser.close();
      await node!.close();
    }
  });
});
