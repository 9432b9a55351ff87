import fc from 'fast-check';
import { channels, connectionIds, offsets, userIds } from '../../test/support/arbitraries';
import type { MessageJson } from '../shared';
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
const envelopes: fc.Arbitrary<Envelope> = fc.oneof(messages, grown, ends);

/** Takes what a whole envelope prints apart into its fields, the JSON last. */
function fieldsOf(payload: string): string[] {
  const [header = '', json] = payload.split('\n');
  return [...header.split('\t'), ...(json === undefined ? [] : [json])];
}

describe('an envelope', () => {
  it('is read as it was printed', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
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

  it('is nothing when a field breaks its pattern', () => {
    fc.assert(
      fc.property(
        envelopes,
        fc.nat(),
        fc.constantFrom('', ' ', '{', '\0', '"', '/'),
        (envelope, which, bad) => {
          const [header = '', json] = printEnvelope(envelope).split('\n');
          const fields = header.split('\t');
          const place = which % fields.length;
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
      fc.constantFrom('1', 'message', 'grown', 'end', 'bob', 'chat', '2-0', 'c1,c2'),
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
