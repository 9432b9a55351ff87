import {
  type BeelineNode,
  closeNodes,
  rest,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const CHANNELS = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];
const PER_CHANNEL = 12;
const BODY = 'x'.repeat(16_000);

describe('a replay that is larger than the buffer of a connection may be', () => {
  let node: BeelineNode;

  beforeAll(async () => {
    [node] = (await startCluster(1, {
      CHANNELS: CHANNELS.join(','),
      MAX_BUFFERED_BYTES: '65536',
    })) as [BeelineNode];
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  it('comes whole and in order to a client that reads: it is not ended for what the server pushes', async () => {
    const bob = uniqueUser('bob');
    const offsets: Record<string, string[]> = Object.fromEntries(CHANNELS.map((channel) => [channel, []]));
    for (let i = 0; i < PER_CHANNEL; i += 1) {
      for (const channel of CHANNELS) {
        const request = { token: tokenFor('alice'), body: { to: bob, body: BODY, channel } };
        const { body } = await rest(node, 'POST', '/messages', request);
        offsets[channel]?.push(String(body['offset']));
      }
    }
    const client = TestClient.start(node, bob);
    await client.connected();
    await waitUntil(
      'every message has come, or the connection has ended',
      () => client.messages.length >= CHANNELS.length * PER_CHANNEL || client.disconnectReason !== undefined,
    );
    expect(client.disconnectReason).toBeUndefined();
    await client.synced();
    for (const channel of CHANNELS) {
      const received = client.messages.filter((message) => message.channel === channel);
      expect(received.map(({ offset }) => offset)).toEqual(offsets[channel]);
    }
  });
});
