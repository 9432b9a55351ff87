import { isOriginAllowed } from './origin';

function isAllowed(origin: string | undefined, host: string | undefined, allowed: string[] = []): boolean {
  return isOriginAllowed({ origin, host }, allowed);
}

describe('the origin of a page', () => {
  it('that says none is no page', () => expect(isAllowed(undefined, 'app.test')).toBe(true));

  it.each([
    ['https://app.test', 'app.test'],
    ['http://app.test', 'app.test'],
    ['https://app.test', 'app.test:443'],
    ['https://app.test:443', 'app.test'],
    ['http://app.test:80', 'app.test'],
    ['https://app.test', 'APP.test'],
    ['http://localhost:3000', 'localhost:3000'],
    ['http://[::1]:3000', '[::1]:3000'],
  ])('%s may connect to its own host %s', (origin, host) => expect(isAllowed(origin, host)).toBe(true));

  it.each([
    ['https://evil.test', 'app.test'],
    ['https://app.test.evil.test', 'app.test'],
    ['https://evil-app.test', 'app.test'],
    ['https://app.test:8443', 'app.test'],
    ['http://localhost:3001', 'localhost:3000'],
    ['https://sub.app.test', 'app.test'],
    ['null', 'app.test'],
    ['null', undefined],
    ['file://', undefined],
    ['app.test', 'app.test'],
    ['https://', 'app.test'],
    ['https://app.test', undefined],
    ['https://app.test@evil.test', 'app.test'],
  ])('%s may not connect to %s', (origin, host) => expect(isAllowed(origin, host)).toBe(false));

  it('may be one that is listed, and then only that', () => {
    const listed = ['https://page.test', 'http://page.test:8080'];
    expect(isAllowed('https://page.test', 'app.test', listed)).toBe(true);
    expect(isAllowed('https://page.test:443', 'app.test', listed)).toBe(true);
    expect(isAllowed('http://page.test', 'app.test', listed)).toBe(false);
    expect(isAllowed('http://page.test:8080', 'app.test', listed)).toBe(true);
    expect(isAllowed('https://page.test:8443', 'app.test', listed)).toBe(false);
    expect(isAllowed('https://other.test', 'app.test', listed)).toBe(false);
    expect(isAllowed('null', 'app.test', listed)).toBe(false);
  });

  it.each([
    ['capacitor://localhost', ['capacitor://localhost'], true],
    ['tauri://localhost', ['capacitor://localhost'], false],
    ['chrome-extension://abcdef', ['chrome-extension://abcdef'], true],
    ['chrome-extension://abcdeg', ['chrome-extension://abcdef'], false],
    ['null', ['null'], true],
    ['null', ['https://page.test'], false],
    ['capacitor://app.test', [], false],
    ['https://anything.test', ['*'], true],
    ['null', ['*'], true],
  ])('%s may connect where %j are listed: %s', (origin, listed, may) =>
    expect(isAllowed(origin, 'app.test', listed)).toBe(may),
  );
});
