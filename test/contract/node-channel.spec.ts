import type { NodeId } from '../../src/shared';
import { waitUntil } from '../support/wait-until';
import { aNode } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

/** A Redis Cluster can't tell how many have heard. */
const isCluster = (process.env['TEST_REDIS_URL'] ?? '').includes(',');

describe.each(stores)('NodeChannel on $name', (kind) => {
  let store: OpenStore;
  let another: OpenStore;
  let heard: string[];
  const canCount = kind.name !== 'redis' || !isCluster;
  beforeEach(async () => {
    store = await kind.open();
    another = await store.openAnother();
    heard = [];
  });
  afterEach(async () => {
    await another.close();
    await store.close();
  });

  const listen = (node: NodeId): Promise<void> =>
    store.channel.listen(node, { onPayload: (payload) => void heard.push(payload), onRestored: () => {} });
  /** What was sent before this has been heard, or never will be: one sender's payloads keep their order. */
  async function settled(node: NodeId): Promise<string[]> {
    await another.channel.publish(node, 'the end');
    await waitUntil('the last payload has come', () => heard.includes('the end'));
    return heard.slice(0, heard.indexOf('the end'));
  }

  it('hears what it is sent, as it was, in order', async () => {
    const node = aNode();
    await listen(node);
    const payloads = ['', 'one\ttwo\nthree', '🐝 żółć \u2028', '{"a":"\\u0000"}', 'x'.repeat(300_000)];
    for (const payload of payloads) await another.channel.publish(node, payload);
    expect(await settled(node)).toEqual(payloads);
  });

  it('hears what it sends to itself', async () => {
    const node = aNode();
    await listen(node);
    await expect(store.channel.publish(node, 'to me')).resolves.toBe(canCount ? 1 : undefined);
    expect(await settled(node)).toEqual(['to me']);
  });

  it('is in force once listening is answered', async () => {
    for (let i = 0; i < 20; i++) {
      const node = aNode();
      await listen(node);
      await another.channel.publish(node, `payload ${i}`);
      await waitUntil(`payload ${i} has come`, () => heard.includes(`payload ${i}`));
    }
    expect(heard).toHaveLength(20);
  });

  it('hears nothing that is meant for another, however alike its name', async () => {
    const node = aNode();
    await listen(node);
    for (const other of [aNode(), `${node}0`, node.slice(0, -1), '*', `${node}*`]) {
      await another.channel.publish(other as NodeId, 'not for you');
    }
    expect(await settled(node)).toEqual([]);
  });

  it('does not mind that nobody listens', async () => {
    await expect(store.channel.publish(aNode(), 'anybody?')).resolves.toBe(canCount ? 0 : undefined);
  });

  it('listens under a new id, and no more under the old one', async () => {
    const [old, fresh] = [aNode(), aNode()];
    await listen(old);
    await listen(fresh);
    await another.channel.publish(old, 'for the old one');
    await another.channel.publish(fresh, 'for the new one');
    expect(await settled(fresh)).toEqual(['for the new one']);
  });

  it('tells whoever listened last, once', async () => {
    const node = aNode();
    const stale: string[] = [];
    await store.channel.listen(node, {
      onPayload: (payload) => void stale.push(payload),
      onRestored: () => {},
    });
    await listen(node);
    await another.channel.publish(node, 'hello');
    expect(await settled(node)).toEqual(['hello']);
    expect(stale).toEqual([]);
  });
});
