import fc from 'fast-check';
import { channels, clientIds, messageIds, offsets, userIds } from '../../test/support/arbitraries';
import { completeDraft, parseMessage, printDraft } from './message';
import { sentAtOf } from './offset';

const drafts = fc.record(
  {
    id: messageIds,
    channel: channels,
    from: userIds,
    to: userIds,
    clientId: clientIds,
    receipt: fc.constant(true as const),
  },
  { requiredKeys: ['id', 'channel', 'from', 'to'] },
);

describe('the text of a message', () => {
  it('is what parsing and printing its parts would give', () => {
    fc.assert(
      fc.property(drafts, fc.jsonValue(), offsets, (draft, value, offset) => {
        const body: unknown = JSON.parse(JSON.stringify(value));
        const json = completeDraft(printDraft(draft, JSON.stringify(body)), offset);
        expect(JSON.parse(json)).toEqual({ ...draft, body, sentAt: sentAtOf(offset), offset });
        expect(parseMessage(json)).toEqual(JSON.parse(json));
        expect(json).not.toContain('\n');
      }),
    );
  });
});
