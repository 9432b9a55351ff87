import fc from 'fast-check';
import { BeelineError } from '../shared';
import { readHandshake, tokenOf } from './handshake';

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
