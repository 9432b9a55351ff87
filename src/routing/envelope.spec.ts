import fc from 'fast-check';
import { channels, connectionIds, offsets, userIds } from '../../test/support/arbitraries';
import type { MessageJson, NodeId } from '../shared';
import { type Envelope, parseEnvelope, printEnvelope } from './envelope';

const ids = fc.array(connectionIds, { minLength: 1, maxLength: 4 });
const messages = fc.record({
  kind: fc.constant('message' as const),
  userId: userIds,
  channel: channels,
  offset: offsets,
  prev: offsets,
  connectionIds: ids,
  json: fc.json() as fc.Arbitrary<unknown> as fc.Arbitrary<MessageJson>,
});
const grown = fc.record({
  kind: fc.constant('grown' as const),
  userId: userIds,
  channel: channels,
  offset: offsets,
  connectionIds: ids,
});
const ends = fc.record({ kind: fc.constant('end' as const), userId: userIds, connectionIds: ids });
const revoked = fc.record({
  kind: fc.constant('revoked' as const),
  userId: userIds,
  loginId: fc.option(connectionIds as fc.Arbitrary<string>, { nil: undefined }),
});
const othersRevoked = fc.record({
  kind: fc.constant('others-revoked' as const),
  userId: userIds,
  spared: connectionIds as fc.Arbitrary<string>,
});
const reads = fc.record({
  kind: fc.constant('read' as const),
  userId: userIds,
  channel: channels,
  read: offsets,
  unread: fc.nat(),
  connectionIds: ids,
});
const receipts = fc.record({
  kind: fc.constant('receipt' as const),
  userId: userIds,
  channel: channels,
  peer: userIds,
  state: fc.constantFrom('delivered' as const, 'read' as const),
  offset: offsets,
});
const typing = fc.record({
  kind: fc.constant('typing' as const),
  userId: userIds,
  channel: channels,
  from: userIds,
  typing: fc.boolean(),
});
const blocks = fc.record({ kind: fc.constant('block' as const), userId: userIds, other: userIds });
const presence = fc.record({ kind: fc.constant('presence' as const), userId: userIds });
const asks = fc.record({
  kind: fc.constant('ask' as const),
  userId: userIds,
  from: connectionIds as fc.Arbitrary<string> as fc.Arbitrary<NodeId>,
  question: connectionIds as fc.Arbitrary<string>,
  connectionIds: ids,
});
const answers = fc.record({
  kind: fc.constant('answer' as const),
  userId: userIds,
  question: connectionIds as fc.Arbitrary<string>,
});

/** One of every kind there is: a kind that is added and not named here does not compile. */
const ofKind: { [K in Envelope['kind']]: fc.Arbitrary<Extract<Envelope, { kind: K }>> } = {
  message: messages,
  grown,
  end: ends,
  revoked,
  'others-revoked': othersRevoked,
  read: reads,
  receipt: receipts,
  typing,
  presence,
  block: blocks,
  ask: asks,
  answer: answers,
};
const envelopes: fc.Arbitrary<Envelope> = fc.oneof(...Object.values(ofKind));
const kinds = Object.entries(ofKind) as [string, fc.Arbitrary<Envelope>][];

/** The one field that may be empty: the login of a `revoked` envelope, where every login is meant. */
const mayBeEmpty = (envelope: Envelope, place: number): boolean => envelope.kind === 'revoked' && place === 3;

/** Takes what a whole envelope prints apart into its fields, the JSON last. */
function fieldsOf(payload: string): string[] {
  const [header = '', json] = payload.split('\n');
  return [...header.split('\t'), ...(json === undefined ? [] : [json])];
}

describe('an envelope', () => {
  it.each(kinds)('of the kind %s is read as it was printed', (_kind, some) => {
    fc.assert(
      fc.property(some, (envelope) => {
        expect(parseEnvelope(printEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  it('with a message is nothing when its header or its JSON object is cut short', () => {
    const whole = messages.map((envelope) => ({ ...envelope, json: '{"body":[1,"a\\n"]}' as MessageJson }));
    fc.assert(
      fc.property(whole, fc.nat(), (envelope, cut) => {
        const payload = printEnvelope(envelope);
        expect(parseEnvelope(payload.slice(0, cut % payload.length))).toBeUndefined();
      }),
    );
  });

  it('is nothing without one of its fields, or with one too many', () => {
    fc.assert(
      fc.property(envelopes, fc.nat(), fc.nat({ max: 3 }), (envelope, which, extra) => {
        const [header = '', json] = printEnvelope(envelope).split('\n');
        const fields = header.split('\t');
        const tail = json === undefined ? '' : `\n${json}`;
        const place = which % fields.length;
        expect(parseEnvelope(fields.toSpliced(place, 1).join('\t') + tail)).toBeUndefined();
        const more = [...fields, ...Array.from({ length: extra + 1 }, () => 'x')];
        expect(parseEnvelope(more.join('\t') + tail)).toBeUndefined();
      }),
    );
  });

  it.each(kinds)('of the kind %s is nothing when a field breaks its pattern', (_kind, some) => {
    fc.assert(
      fc.property(
        some,
        fc.nat(),
        fc.constantFrom('', ' ', '{', '\0', '"', '/', '\r', '\t'),
        (envelope, which, bad) => {
          const [header = '', json] = printEnvelope(envelope).split('\n');
          const fields = header.split('\t');
          const place = which % fields.length;
          fc.pre(bad !== '' || !mayBeEmpty(envelope, place));
          const spoilt = fields.with(place, bad === '' ? '' : `${fields[place]}${bad}`);
          const tail = json === undefined ? '' : `\n${json}`;
          expect(parseEnvelope(spoilt.join('\t') + tail)).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    ['nothing', ''],
    ['a line break', '\n'],
    ['tabs', '\t\t\t\t\t\t\n{}'],
    ['another version', '2\tend\tbob\tc1'],
    ['an unknown kind', '1\tmoved\tbob\tc1'],
    ['a message without its JSON', '1\tmessage\tbob\tchat\t2-0\t1-0\tc1'],
    ['a message with broken JSON', '1\tmessage\tbob\tchat\t2-0\t1-0\tc1\n{"id":'],
    ['a message with two JSON texts', '1\tmessage\tbob\tchat\t2-0\t1-0\tc1\n{}{}'],
    ['growth with a body', '1\tgrown\tbob\tchat\t2-0\tc1\n{}'],
    ['an end with a body', '1\tend\tbob\tc1\n{}'],
    ['a revocation of no login and not of all', '1\trevoked\tbob'],
    ['a revocation with a body', '1\trevoked\tbob\tl1\n{}'],
    ['a read cursor with less than nothing unread', '1\tread\tbob\tchat\t2-0\t-1\tc1'],
    ['a read cursor with half a message unread', '1\tread\tbob\tchat\t2-0\t0.5\tc1'],
    ['a receipt of an unknown state', '1\treceipt\tbob\tchat\teve\tsent\t2-0'],
    ['typing neither begun nor ended', '1\ttyping\tbob\tchat\teve\t2'],
    ['presence with more', '1\tpresence\tbob\tonline'],
    ['a kind that every object has', '1\ttoString\tbob'],
    ['no connections', '1\tend\tbob\t'],
    ['an empty connection id', '1\tend\tbob\tc1,,c2'],
    ['a user that would move keys', '1\tend\t{bob}\tc1'],
    ['__proto__ for a user', '1\tend\t__proto__\tc1'],
    ['a heartbeat', 'beat\t17'],
  ])('is not %s', (_what, payload) => {
    expect(parseEnvelope(payload)).toBeUndefined();
  });

  it('throws for no payload whatever, and lets through only what it would print itself', () => {
    const anyField = fc.oneof(
      fc.constantFrom('1', ...Object.keys(ofKind), 'bob', 'chat', '2-0', 'c1,c2', '0', 'read', ''),
      fc.string({ unit: 'binary' }),
    );
    const nearly = fc
      .tuple(
        envelopes.map(printEnvelope).map(fieldsOf),
        fc.array(anyField),
        fc.nat(),
        fc.constantFrom('\t', '\n'),
      )
      .map(([fields, others, at, glue]) => fields.toSpliced(at % fields.length, 1, ...others).join(glue));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (payload) => {
        const envelope = parseEnvelope(payload);
        const again = envelope === undefined ? undefined : parseEnvelope(printEnvelope(envelope));
        expect(again).toEqual(envelope);
      }),
      { numRuns: 500 },
    );
  });
});
