import fc from 'fast-check';
import { BeelineError } from '../shared';
import { isOriginAllowed, readHandshake, tokenOf } from './handshake';

function isAllowed(origin: string | undefined, host: string | undefined, allowed: string[] = []): boolean {
  return isOriginAllowed({ headers: { ...(origin && { origin }), ...(host && { host }) } }, allowed);
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
    expect(isAllowed('http://page.test', 'app.test', listed)).toBe(true);
    expect(isAllowed('http://page.test:8080', 'app.test', listed)).toBe(true);
    expect(isAllowed('https://page.test:8443', 'app.test', listed)).toBe(false);
    expect(isAllowed('https://other.test', 'app.test', listed)).toBe(false);
    expect(isAllowed('null', 'app.test', listed)).toBe(false);
  });
});

const sinceOf = (since: unknown): Record<string, string> =>
  Object.fromEntries(readHandshake({ since }).since);

describe('a handshake', () => {
  it('has a token of whatever type, and neither device nor since unless it says so', () => {
    expect(tokenOf({ token: 7, unknown: 1 })).toBe(7);
    expect(readHandshake({ token: 7, unknown: 1 })).toEqual({
      deviceId: undefined,
      since: new Map(),
    });
    expect(readHandshake({ deviceId: null }).deviceId).toBeUndefined();
  });

  it.each([undefined, null, 'text', 3, [], [{ token: 'x' }]])('that is %j says nothing', (auth) => {
    expect(tokenOf(auth)).toBeUndefined();
    expect(readHandshake(auth)).toEqual({ deviceId: undefined, since: new Map() });
  });

  it('names its device, normalised', () => {
    expect(readHandshake({ deviceId: 'Zoe\u0308' }).deviceId).toBe('Zo\u00eb');
  });

  it.each(['', 'a b', 7, {}, ['x'], '__proto__', 'x'.repeat(129)])(
    'is refused with %j for a device',
    (deviceId) => {
      expect(() => readHandshake({ deviceId })).toThrow(BeelineError);
    },
  );

  it('says since as an object or as its JSON', () => {
    const since = { chat: '17-2', notification: '003-0' };
    const read = { chat: '17-2', notification: '3-0' };
    expect(sinceOf(since)).toEqual(read);
    expect(sinceOf(JSON.stringify(since))).toEqual(read);
  });

  it.each([null, 1, 'text', '{"chat":', '[]', '"17-2"', 'null', ['17-2'], Buffer.from('{}')])(
    'is not refused for a since of %j',
    (since) => expect(sinceOf(since)).toEqual({}),
  );

  it('takes of a since what is right and leaves the rest', () => {
    expect(sinceOf({ chat: '17-2', notification: 17, Bad: '1-0', 'a b': '1-0', sent: 'x' })).toEqual({
      chat: '17-2',
    });
  });

  it('never throws for a since', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.json(), fc.string()), (since) => {
        expect(readHandshake({ since }).since).toBeInstanceOf(Map);
      }),
    );
  });
});
