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

describe('one connection per transport', () => {
  let node: BeelineNode;

  beforeAll(async () => {
    [node] = (await startCluster(1)) as [BeelineNode];
  });
  afterEach(() => TestClient.closeAll());
  afterAll(() => closeNodes(node));

  async function devicesOf(user: string): Promise<unknown> {
    const { body } = await rest(node, 'GET', `/presence/${user}`, { token: tokenFor('asker') });
    return (body['presence'] as Record<string, { devices: number }>)[user]?.devices;
  }

  it('a client that leaves and keeps its transport open is gone, and its transport is closed', async () => {
    const bob = uniqueUser('bob');
    const client = await TestClient.connect(node, bob);
    client.writeRaw('1');
    expect(await client.ended()).toBe('transport close');
    await waitUntil('he is offline', async () => (await devicesOf(bob)) === 0);
  });

  it('a client that connects twice over one transport is cut off: nobody is pushed a message twice', async () => {
    const bob = uniqueUser('bob');
    const client = TestClient.start(node, bob);
    const { engine } = client.socket.io;
    engine.once('open', () => {
      const packet = `0${JSON.stringify({ token: tokenFor(bob) })}`;
      for (let i = 0; i < 3; i += 1) client.writeRaw(packet);
    });
    const closed = new Promise((resolve) => engine.once('close', resolve));
    await closed;
    await waitUntil('he is offline', async () => (await devicesOf(bob)) === 0);
    expect(client.payloadsOf('session').length).toBeLessThanOrEqual(1);
  });
});
