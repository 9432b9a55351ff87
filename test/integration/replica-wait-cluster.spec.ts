import calculateSlot from 'cluster-key-slot';
import {
  type BeelineNode,
  closeNodes,
  joinReplica,
  type RedisCluster,
  type RedisServer,
  rest,
  startNode,
  startRedisCluster,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const MASTERS = 3;
const SLOTS = 16_384;

/** A receiver whose inbox is at that master: each has an equal share of the slots. */
function receiverAt(master: number): string {
  for (;;) {
    const user = uniqueUser('bob');
    if (Math.floor((calculateSlot(`{${user}}`) * MASTERS) / SLOTS) === master) return user;
  }
}

describe('REDIS_WAIT_REPLICAS on a Cluster', () => {
  let cluster: RedisCluster;
  let replicas: RedisServer[];
  let node: BeelineNode;

  beforeAll(async () => {
    cluster = await startRedisCluster(MASTERS);
    replicas = await Promise.all(cluster.servers.map((master) => joinReplica(master)));
    node = await startNode({
      REDIS_URL: cluster.url,
      REDIS_WAIT_REPLICAS: '1',
      REDIS_COMMAND_TIMEOUT_MS: '2000',
    });
  }, 90_000);
  afterAll(async () => {
    await closeNodes(node);
    await Promise.all(replicas.map((replica) => replica.stop()));
    await cluster.stop();
  });

  const sendTo = async (to: string): Promise<number> =>
    (await rest(node, 'POST', '/messages', { token: tokenFor('alice'), body: { to, body: 'x' } })).status;

  it('asks the replicas of the receiver’s master, and no others: where it has none, only its messages are not acknowledged', async () => {
    const receivers = Array.from({ length: MASTERS }, (_, master) => receiverAt(master));
    expect(await Promise.all(receivers.map(sendTo))).toEqual([201, 201, 201]);
    await replicas[0]!.stop();
    await waitUntil(
      'the master without a replica is missed',
      async () => (await sendTo(receivers[0]!)) === 503,
    );
    for (let i = 0; i < 5; i += 1) expect(await Promise.all(receivers.map(sendTo))).toEqual([503, 201, 201]);
  }, 60_000);
});
