import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS = 12_000;
const PASSWORD = 'correct horse battery staple';
/** What the browser itself writes while a node is down. */
const NO_CONNECTION =
  /net::ERR_CONNECTION_REFUSED|net::ERR_CONNECTION_RESET|WebSocket is closed before|Unexpected response code: 40[03]/;

/** A real headless Chromium with a new, empty profile. */
export function startBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `Chromium is not at ${executablePath}: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH`,
    );
  }
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

/** An account that nobody comes to: with local accounts only who has one can be written to. */
export async function addAccount(url: string, username: string): Promise<void> {
  const { status } = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  if (status !== 201) throw new Error(`no account for ${username}: ${status}`);
}

/** Somebody at a page of ours, doing what a person would, by what a screen reader would say. */
export class Visitor {
  /** What the console complained of, less what is expected while a node is down. */
  readonly complaints: string[] = [];
  /** The Socket.IO events that this page sent, in order. */
  readonly sent: { event: string; payload: Record<string, unknown> }[] = [];
  /** Those that it was sent. */
  readonly received: { event: string; payload: Record<string, unknown> }[] = [];

  private constructor(readonly page: Page) {
    // Less than a test may take, so that what was awaited in vain is named.
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (line) => {
      if (['error', 'warning'].includes(line.type())) this.complain(line.text());
    });
    page.on('pageerror', (error) => this.complain(String(error)));
    page.on('websocket', (socket) => {
      const keepIn = (list: Visitor['sent'], frame: string | Buffer): void => {
        const packet = /^42\d*(\[.*)$/s.exec(frame.toString())?.[1];
        if (packet === undefined) return;
        const [event, payload] = JSON.parse(packet) as [string, Record<string, unknown>];
        list.push({ event, payload });
      };
      socket.on('framesent', ({ payload }) => keepIn(this.sent, payload));
      socket.on('framereceived', ({ payload }) => keepIn(this.received, payload));
    });
  }

  /** Opens the page: in a browser of its own, or as one more tab of the given one. */
  static async arrive(browser: Browser | BrowserContext, url: string): Promise<Visitor> {
    return Visitor.at(await browser.newPage(), url);
  }

  static async at(page: Page, url: string): Promise<Visitor> {
    const visitor = new Visitor(page);
    // Without a graphics card an endless animation occupies a core.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.goto(url);
    return visitor;
  }

  /** Opens the page with a new account of that name. */
  static async register(browser: Browser | BrowserContext, url: string, name: string): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser, url);
    await visitor.enter(name, 'Create account');
    await visitor.isConnected();
    return visitor;
  }

  static async logIn(browser: Browser | BrowserContext, url: string, name: string): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser, url);
    await visitor.enter(name, 'Log in');
    await visitor.isConnected();
    return visitor;
  }

  /** Opens the page with a token of an outside issuer. */
  static async bring(browser: Browser | BrowserContext, url: string, token: string): Promise<Visitor> {
    const visitor = await Visitor.arrive(browser, url);
    await visitor.page.getByText('I have a token').click();
    await visitor.page.getByLabel('Access token').fill(token);
    await visitor.page.getByRole('button', { name: 'Connect', exact: true }).click();
    await visitor.isConnected();
    return visitor;
  }

  /** Fails where the console complained. */
  requireCalm(): void {
    if (this.complaints.length > 0) throw new Error(`the console says:\n${this.complaints.join('\n')}`);
  }

  async enter(name: string, button: 'Create account' | 'Log in', password = PASSWORD): Promise<void> {
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: button }).click();
  }

  async isConnected(): Promise<void> {
    await this.status('Connected').waitFor();
  }

  status(text: string): Locator {
    return this.page.locator('#status-text').getByText(text, { exact: true });
  }

  /** Adds the person, or chooses them where they are known. */
  async openTalkWith(name: string): Promise<void> {
    if ((await this.person(name).count()) > 0) await this.person(name).click();
    else {
      await this.page.getByLabel('Add a person').fill(name);
      await this.page.getByRole('button', { name: 'Add', exact: true }).click();
    }
    await this.page.getByRole('heading', { name, exact: true }).waitFor();
  }

  async write(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Message to' }).fill(text);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }

  person(name: string): Locator {
    return this.page.locator('#people').getByRole('button', { name: new RegExp(`^${name} `) });
  }

  badge(name: string): Locator {
    return this.person(name).locator('.badge');
  }

  /** A message of the open conversation; `sent` is also what has been delivered since. */
  message(text: string, state?: 'waiting' | 'sending' | 'sent' | 'delivered' | 'failed'): Locator {
    const states = state === 'sent' ? ['sent', 'delivered'] : [state];
    const within = states.map((name) => `[data-state=${name}]`).join();
    return this.page.locator(`#messages li${state === undefined ? '' : `:is(${within})`}`, {
      has: this.page.locator('.bubble').getByText(text),
    });
  }

  texts(): Promise<string[]> {
    return this.page.locator('#messages .bubble').allTextContents();
  }

  private complain(text: string): void {
    if (!NO_CONNECTION.test(text)) this.complaints.push(text);
  }
}
