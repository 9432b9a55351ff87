import { NodeChannel } from '../../src/node';
import type { NodeId } from '../../src/shared';
import {
  type BeelineNode,
  closeNodes,
  loseEnvelopes,
  loseSubscription,
  NO_SWEEPS,
  rest,
  scrape,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

/** How many times Redis was asked is not what these tests are about. */
const NOT_COUNTED_HERE = /^beeline_redis_roundtrip_seconds/;

/** Every counter of ours that is not 0, without the name's beginning. */
async function counted(node: BeelineNode): Promise<Record<string, number>> {
  const ours = Object.entries(await scrape(node)).filter(
    ([series, value]) =>
      /^beeline_\w+_(total|count)\b/.test(series) && !NOT_COUNTED_HERE.test(series) && value !== 0,
  );
  return Object.fromEntries(ours.map(([series, value]) => [series.slice('beeline_'.length), value]));
}

/** Hands any payload to a node, past everything that counts and checks what is published. */
async function forge(from: BeelineNode, to: string, payload: string): Promise<void> {
  await from.app.get<NodeChannel>(NodeChannel).publish(to as NodeId, payload);
}

describe('what a node has counted', () => {
  let nodes: BeelineNode[] = [];
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
  });

  async function startTwo(environment: Record<string, string>): Promise<[BeelineNode, BeelineNode]> {
    nodes = await startCluster(2, environment);
    return nodes as [BeelineNode, BeelineNode];
  }

  it('is exactly what has happened, on the node where it happened', async () => {
    const [a, b] = await startTwo({ ...NO_SWEEPS, NODE_LEASE_MS: '60000' });
    const [bob, carol, dave] = [uniqueUser('bob'), uniqueUser('carol'), uniqueUser('dave')];
    const alice = await TestClient.connect(a, uniqueUser('alice'));
    const onB = await TestClient.connect(b, bob);
    const onA = await TestClient.connect(a, carol);
    await expect(TestClient.connect(a, carol, { token: 'none' })).rejects.toMatchObject({
      code: 'unauthorized',
    });

    await alice.send(carol, 'next door', 'local');
    await alice.send(bob, 'across', 'remote');
    await alice.send(dave, 'for later', 'offline');
    await alice.send(bob, 'across', 'remote');
    await alice.request('message:send', { to: '{nobody}', body: 1, clientId: 'bad' });
    await alice.request('message:send', { to: bob, body: 1, clientId: 'lost', channel: 'nowhere' });
    await onB.send(bob, 'a note', 'copied', { copy: true });
    await rest(b, 'POST', '/messages', { token: tokenFor(bob), body: { to: carol, body: 'by post' } });
    await rest(b, 'POST', '/messages', { token: tokenFor(bob), body: { to: carol } });
    await onA.receives(2);
    await onB.receives(3);
    const onceOffline = await TestClient.connect(b, dave);
    expect(onceOffline.bodies()).toEqual(['for later']);

    const { nodeId, connectionId } = onB.session;
    await forge(a, nodeId, 'rubbish');
    await forge(a, nodeId, '2\tpresence\tbob');
    await forge(a, nodeId, `1\tgrown\t${bob}\tchat\t9999999999999-0\t${connectionId}`);
    await forge(a, nodeId, '1\tgrown\tnobody\tchat\t9999999999999-0\tghost');
    onA.close();
    await waitUntil('the ghost is known', async () => {
      return (await counted(b))['routes_total{outcome="stale"}'] === 1;
    });
    await waitUntil('carol is gone', async () => (await scrape(a))['beeline_connections'] === 1);

    expect(await counted(a)).toEqual({
      'handshakes_total{result="ok"}': 2,
      'handshakes_total{result="unauthorized"}': 1,
      'sends_total{result="ok"}': 3,
      'sends_total{result="duplicate"}': 1,
      'sends_total{result="bad_request"}': 1,
      'sends_total{result="not_found"}': 1,
      'routes_total{outcome="local"}': 1,
      'routes_total{outcome="remote"}': 2,
      'routes_total{outcome="offline"}': 1,
      publishes_total: 2,
      delivery_seconds_count: 2,
      inbox_appends_total: 3,
      dedupe_hits_total: 1,
      replays_total: 6,
      replayed_messages_count: 6,
    });
    expect(await counted(b)).toEqual({
      'handshakes_total{result="ok"}': 2,
      'sends_total{result="ok"}': 2,
      'sends_total{result="bad_request"}': 1,
      'routes_total{outcome="local"}': 2,
      'routes_total{outcome="remote"}': 1,
      'routes_total{outcome="stale"}': 1,
      publishes_total: 1,
      delivery_seconds_count: 3,
      inbox_appends_total: 3,
      replays_total: 6,
      replayed_messages_count: 6,
      'catchups_total{cause="gap"}': 1,
      malformed_envelopes_total: 2,
    });

    const seen = await scrape(b);
    expect(seen).toMatchObject({
      beeline_connections: 2,
      beeline_lagging_connections: 0,
      beeline_ready: 1,
      beeline_replayed_messages_sum: 1,
      'beeline_replayed_messages_bucket{le="0"}': 5,
    });
    expect(seen['beeline_delivery_seconds_sum']).toBeLessThan(3 * 10);
    expect(seen['beeline_lease_age_seconds']).toBeGreaterThan(0);
    expect(seen['beeline_lease_age_seconds']).toBeLessThan(60);
    expect(seen['beeline_redis_roundtrip_seconds_count']).toBeGreaterThan(5);
    expect(seen['beeline_eventloop_delay_seconds{quantile="0.5"}']).toBeGreaterThanOrEqual(0);
    expect(seen['process_resident_memory_bytes']).toBeGreaterThan(0);
  });

  it('includes what a sweep had to bring', async () => {
    const [a, b] = await startTwo({ SWEEP_INTERVAL_MS: '1000', NODE_LEASE_MS: '60000' });
    const bob = uniqueUser('bob');
    const alice = await TestClient.connect(a, uniqueUser('alice'));
    const onB = await TestClient.connect(b, bob);
    loseEnvelopes(a);
    await alice.send(bob, 'lost on the way', 'c-1');
    await onB.receives(1);

    expect(await counted(a)).toMatchObject({ publishes_total: 1, 'routes_total{outcome="remote"}': 1 });
    const seen = await counted(b);
    expect(seen).toMatchObject({ 'catchups_total{cause="sweep"}': 1 });
    expect(seen['sweep_duration_seconds_count']).toBeGreaterThan(0);
    expect(seen).not.toHaveProperty('delivery_seconds_count');
  });

  it('includes publishes that nobody heard, and what had to be read for it', async () => {
    const [a, b] = await startTwo({ ...NO_SWEEPS, NODE_LEASE_MS: '1500' });
    const bob = uniqueUser('bob');
    const alice = await TestClient.connect(a, uniqueUser('alice'));
    const onB = await TestClient.connect(b, bob);
    await loseSubscription(b);
    await alice.send(bob, 'unheard', 'c-1');
    await waitUntil('a knows', async () => (await counted(a))['publishes_unheard_total'] === 1);
    await onB.receives(1);
    expect(await counted(b)).toMatchObject({ 'catchups_total{cause="resubscribe"}': 1 });
  });
});
