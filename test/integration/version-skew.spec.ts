import { NodeChannel } from '../../src/node';
import { type BeelineNode, closeNodes, startCluster, TestClient, uniqueUser, waitUntil } from '../support';

const SWEEP_MS = 1000;
/** One sweep and a second is promised; twice that is asserted, for a busy machine. */
const HEALED_MS = 2 * (SWEEP_MS + 1000);

/** From now on this node publishes envelopes as a later version might: with another number and one more field. */
function publishNextVersion(node: BeelineNode): void {
  const channel = node.app.get<NodeChannel>(NodeChannel);
  const publish = channel.publish.bind(channel);
  channel.publish = (id, payload) =>
    publish(
      id,
      payload.replace(/^1\t(\w+)\t/, (_all, kind: string) => `2\t${kind}\tnew-field\t`),
    );
}

/** Notes what this node publishes. */
function overhear(node: BeelineNode): string[] {
  const heard: string[] = [];
  const channel = node.app.get<NodeChannel>(NodeChannel);
  const publish = channel.publish.bind(channel);
  channel.publish = (id, payload) => {
    heard.push(payload);
    return publish(id, payload);
  };
  return heard;
}

describe('nodes of two versions of the envelope on one store', () => {
  let nodes: BeelineNode[];
  beforeAll(async () => {
    nodes = await startCluster(2, { SWEEP_INTERVAL_MS: `${SWEEP_MS}` });
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
  });

  it('what the new node publishes and the old one cannot read arrives within a sweep; the other way at once', async () => {
    const [old, updated] = nodes as [BeelineNode, BeelineNode];
    const published = overhear(updated);
    publishNextVersion(updated);
    const onOld = await TestClient.connect(old, uniqueUser('alice'), { deviceId: 'phone' });
    const alice = onOld.session.userId;
    const onUpdated = await TestClient.connect(updated, uniqueUser('bob'), { deviceId: 'phone' });
    const bob = onUpdated.session.userId;

    const offsets = await onUpdated.sendSeries(alice, 5);
    expect(published.filter((payload) => payload.startsWith('2\tmessage\tnew-field\t'))).toHaveLength(5);
    await waitUntil('the sweep has brought them', () => onOld.messages.length === 5, HEALED_MS);
    expect(onOld.messages.map(({ offset }) => offset)).toEqual(offsets);

    await onOld.sendSeries(bob, 5);
    await waitUntil('they are pushed', () => onUpdated.messages.length === 5, SWEEP_MS);

    // Not a word that it could not read has cost the old node anything.
    expect(onOld.disconnectReason).toBeUndefined();
    const newer = await TestClient.connect(updated, alice, { deviceId: 'phone' });
    await waitUntil('the replaced connection ends', () => onOld.disconnectReason !== undefined, HEALED_MS);
    expect(newer.socket.connected).toBe(true);
  });
});
