import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeelineNode,
  closeNodes,
  NO_SWEEPS,
  startTrio,
  TestClient,
  uniqueUser,
  waitUntil,
} from '../support';

const AT_ONCE = 20;

describe('typing', () => {
  let nodes: BeelineNode[];
  beforeAll(async () => {
    nodes = await startTrio(NO_SWEEPS);
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(...nodes));

  it('reaches every device of the receiver, wherever it is, and is stored nowhere', async () => {
    const [a, b, c] = nodes as [BeelineNode, BeelineNode, BeelineNode];
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const sender = await TestClient.connect(a, alice);
    const devices = [await TestClient.connect(b, bob), await TestClient.connect(c, bob)];
    expect(await sender.request('typing', { to: bob, typing: true })).toEqual({ ok: true });
    expect(await sender.request('typing', { to: bob, channel: 'notification', typing: false })).toEqual({
      ok: true,
    });
    await waitUntil('both are told twice', () =>
      devices.every((device) => device.payloadsOf('typing').length === 2),
    );
    expect(devices[0]?.payloadsOf('typing')).toEqual([
      { from: alice, channel: 'chat', typing: true },
      { from: alice, channel: 'notification', typing: false },
    ]);
    expect(sender.payloadsOf('typing')).toEqual([]);
    const late = await TestClient.connect(a, bob);
    expect(late.payloadsOf('typing')).toEqual([]);
    expect(Object.values(late.session.channels).map(({ last }) => last)).toEqual(['0-0', '0-0', '0-0']);
  });

  it('is limited in rate, with a retryAfterMs that is true', async () => {
    const sender = await TestClient.connect(nodes[0] as BeelineNode, uniqueUser('alice'));
    const type = () => sender.request('typing', { to: 'bob', typing: true });
    const answers = await Promise.all(Array.from({ length: 4 * AT_ONCE }, type));
    const taken = answers.filter(({ ok }) => ok).length;
    expect(taken).toBeGreaterThanOrEqual(AT_ONCE);
    expect(taken).toBeLessThan(2 * AT_ONCE);
    const refused = answers.findLast((answer) => !answer.ok);
    expect(refused).toMatchObject({ error: { code: 'rate_limited', retryable: true } });
    await delay(refused?.error.retryAfterMs);
    expect(await type()).toEqual({ ok: true });
  });

  it('to nobody here is answered, to an unknown channel is not_found', async () => {
    const sender = await TestClient.connect(nodes[0] as BeelineNode, uniqueUser('alice'));
    expect(await sender.request('typing', { to: uniqueUser('nobody'), typing: true })).toEqual({ ok: true });
    expect(await sender.request('typing', { to: 'bob', channel: 'other', typing: true })).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    });
    expect(await sender.request('typing', { to: 'bob' })).toMatchObject({ error: { code: 'bad_request' } });
  });
});
