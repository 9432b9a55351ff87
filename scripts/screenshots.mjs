/**
 * Takes the pictures of the page that the documents show: `docs/images/{light,dark,phone}.png`. Needs a running
 * node with an empty store and Chromium: `node scripts/screenshots.mjs [http://localhost:3000]`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureChromium } from './lib/setup.mjs';

const url = process.argv[2] ?? 'http://localhost:3000';
const folder = 'docs/images';
const PASSWORD = 'correct horse battery staple';
const DESKTOP = { width: 1180, height: 760 };
const PHONE = { width: 390, height: 844 };

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: ensureChromium(),
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const maya = await enter('Maya');
  const jonas = await enter('Jonas');
  const amina = await enter('Amina');
  const luis = await enter('Luís');
  await talk(maya, jonas, [
    ['Jonas', 'Morning! Is the new node in already?'],
    ['Maya', 'Since seven. I am on it right now.'],
    ['Jonas', 'And me on the other one?'],
    ['Maya', 'Yes. This went straight from mine to yours, nobody else saw it fly by.'],
    ['Jonas', 'Nice. I get on the train now, tunnel ahead.'],
  ]);
  await jonas.page.close();
  await offline(maya, 'Jonas', 1);
  await write(maya, 'Jonas', 'Then read this when you are out of it: the bench results are in.');
  await write(maya, 'Jonas', 'No hurry, they wait for you here.');
  await write(luis, 'Maya', 'Coffee at ten?');
  await luis.page.close();
  await write(amina, 'Maya', 'Can you look at my branch?');
  await write(amina, 'Maya', 'Only the sweep, it is short.');
  await maya.page.locator('.badge .count', { hasText: '2' }).waitFor();
  await offline(maya, 'Luís', 1);
  await offline(maya, 'Amina', 0);
  await maya.page.getByRole('button', { name: /^Jonas/ }).click();
  await maya.page.locator('#text').fill('');

  for (const colorScheme of ['light', 'dark']) {
    await maya.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await amina.page.locator('#text').pressSequentially('And');
    await maya.page.locator('.person[data-typing=true]').waitFor();
    await shoot(maya.page, colorScheme);
  }
  await maya.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await maya.page.setViewportSize(PHONE);
  await shoot(maya.page, 'phone');
} finally {
  await browser.close();
}

async function enter(name) {
  const context = await browser.newContext({
    viewport: DESKTOP,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.locator('#status-text').getByText('Connected', { exact: true }).waitFor();
  return { name, page };
}

/** The one who writes waits until it is stored. */
async function write({ page }, to, text) {
  const person = page.getByRole('button', { name: new RegExp(`^${to}`) });
  if ((await person.count()) === 0) {
    await page.getByLabel('Add a person').fill(to);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
  } else {
    await person.click();
  }
  await page.locator('#text').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await page
    .locator('li:is([data-state=sent], [data-state=delivered], [data-state=read])', { hasText: text })
    .waitFor();
}

async function talk(a, b, lines) {
  for (const [who, text] of lines) await (who === a.name ? write(a, b.name, text) : write(b, a.name, text));
}

/** Waits until that person's presence has been seen. */
async function offline({ page }, name, isOffline) {
  await page.locator(`li[data-key="${name}"] [data-online=${isOffline ? 'false' : 'true'}]`).waitFor();
}

async function shoot(page, name) {
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(join(folder, `${name}.png`));
}
