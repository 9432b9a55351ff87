import { type BeelineNode, startCluster, TestClient } from '../support';

describe('three nodes on one Redis', () => {
  let nodes: BeelineNode[];
  let [a, b, c]: BeelineNode[] = [];

  beforeAll(async () => {
    nodes = await startCluster(3);
    [a, b, c] = nodes;
  });
  afterAll(() => Promise.all(nodes.map((node) => node.close())));

  it('carries a message from the sender on one node to the receiver on another', async () => {
    const alice = await TestClient.connect(a!, 'alice');
    const bob = await TestClient.connect(b!, 'bob');
    const answer = await alice.send('bob', { text: 'hi' }, 'c-1');
    const [message] = await bob.receives(1);
    expect(message).toEqual({
      id: answer['id'],
      channel: 'chat',
      from: 'alice',
      to: 'bob',
      body: { text: 'hi' },
      clientId: 'c-1',
      sentAt: answer['sentAt'],
      offset: answer['offset'],
    });
    expect(c).toBeDefined();
    alice.close();
    bob.close();
  });
});
