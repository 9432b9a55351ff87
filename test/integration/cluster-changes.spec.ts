import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Message } from '../../src/shared';
import {
  type BeelineNode,
  freePort,
  type RedisCluster,
  type RedisServer,
  startCluster,
  startRedisCluster,
  TestClient,
  waitUntil,
  joinReplica,
} from '../support';
import { moveSlotOf } from '../support/move-slot';

const PREFIX = 'moving:';

/** A good client's sender: what is not answered as stored is sent again with the same clientId. */
class Stream {
  readonly acknowledged: string[] = [];
  readonly refused: unknown[] = [];
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly sender: TestClient,
    private readonly to: string,
  ) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let i = 0; !this.stopped; i += 1) {
      const clientId = `${this.to}-${i}`;
      while (!(await this.isStored(clientId))) await delay(20);
      this.acknowledged.push(clientId);
    }
  }

  private async isStored(clientId: string): Promise<boolean> {
    const answer = await this.sender.request('message:send', { to: this.to, body: clientId, clientId });
    if (!answer.ok) this.refused.push(answer.error);
    return answer.ok;
  }
}

describe('a Redis Cluster that changes under load', () => {
  let cluster: RedisCluster;
  let nodes: BeelineNode[];
  let alice: TestClient;
  let bob: TestClient;

  beforeEach(async () => {
    cluster = await startRedisCluster();
    nodes = await startCluster(2, { REDIS_URL: cluster.url, REDIS_KEY_PREFIX: PREFIX });
    alice = await TestClient.connect(nodes[0]!, 'alice');
    bob = await TestClient.connect(nodes[1]!, 'bob');
  });
  afterEach(async () => {
    alice.close();
    bob.close();
    await Promise.all(nodes.map((node) => node.close()));
    await cluster.stop();
  });

  it("moves the receiver's slot while messages are sent to it: all arrive, in order, once", async () => {
    const stream = new Stream(alice, 'bob');
    // In a slot that stays where it is.
    const others = new Stream(alice, 'carol');
    for (let i = 0; i < 3; i += 1) {
      const before = stream.acknowledged.length;
      await waitUntil('messages flow', () => stream.acknowledged.length > before + 20);
      await moveSlotOf(cluster, `${PREFIX}state:{bob}`);
    }
    await Promise.all([stream.stop(), others.stop()]);
    // What waits for the slot closes the way to nobody else.
    expect(others.refused).toEqual([]);
    expect(others.acknowledged.length).toBeGreaterThan(60);
    await bob.receives(stream.acknowledged.length);
    // Everything acknowledged, each once, in the order of offsets.
    expect(bob.messages.map(({ clientId }) => clientId)).toEqual(stream.acknowledged);
  });

  it("moves the slot of the receiver's node channel: the heartbeat finds out, and pushes arrive again", async () => {
    const channel = `${PREFIX}node:${bob.session.nodeId}`;
    await moveSlotOf(cluster, channel);
    for (let i = 0; i < 20; i += 1) await alice.send('bob', i, `after-${i}`);
    await bob.receives(20);
    expect(bob.messages.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, i) => i));

    const subscribers = async (): Promise<number> => {
      const counts = await Promise.all(
        cluster.servers.map(async ({ url }) => {
          const redis = new Redis(url);
          const [, count] = (await redis.pubsub('SHARDNUMSUB', channel)) as [string, number];
          redis.disconnect();
          return count;
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    };
    await waitUntil('the node listens on the channel where it is now', async () => (await subscribers()) > 0);
  });
});

describe('a Redis Cluster that loses a master', () => {
  let cluster: RedisCluster;
  let replicas: RedisServer[];
  let nodes: BeelineNode[];

  beforeEach(async () => {
    cluster = await startRedisCluster();
    replicas = await Promise.all(cluster.servers.map((master) => joinReplica(master)));
    nodes = await startCluster(2, {
      REDIS_URL: cluster.url,
      REDIS_KEY_PREFIX: PREFIX,
      REDIS_COMMAND_TIMEOUT_MS: '500',
    });
  }, 90_000);
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all(replicas.map((replica) => replica.stop()));
    await cluster.stop();
  });

  it('fails over to its replica: sends are refused meanwhile, nothing that a replica had is lost, and all goes on', async () => {
    const alice = await TestClient.connect(nodes[0]!, 'alice', { reconnection: true });
    const bob = await TestClient.connect(nodes[1]!, 'bob', { reconnection: true, deviceId: 'phone' });
    const owner = await ownerOf(`${PREFIX}state:{bob}`);
    for (let i = 0; i < 50; i += 1) await alice.send('bob', i, `before-${i}`);
    await replicated(owner);
    await cluster.servers[owner]!.stop();

    const stream = new Stream(alice, 'bob');
    await waitUntil('sends are acknowledged again', () => stream.acknowledged.length > 50, 25_000);
    await stream.stop();
    const inbox = async (): Promise<unknown[]> => {
      const answer = await bob.request('inbox:pull', { channel: 'chat', after: '0-0', limit: 200 });
      return answer.ok ? (answer['messages'] as Message[]).map(({ clientId }) => clientId) : [];
    };
    const before = Array.from({ length: 50 }, (_, i) => `before-${i}`);
    const expected = [...before, ...stream.acknowledged].slice(0, 200);
    await waitUntil('the inbox can be read', async () => (await inbox()).length >= expected.length);
    expect(await inbox()).toEqual(expected);
    await waitUntil('bob has been pushed all of it', () =>
      [...before, ...stream.acknowledged].every((id) => bob.messages.some(({ clientId }) => clientId === id)),
    );
    alice.close();
    bob.close();
  }, 60_000);

  async function ownerOf(key: string): Promise<number> {
    const client = new Redis(cluster.servers[0]!.url);
    const slot = Number(await client.cluster('KEYSLOT', key));
    client.disconnect();
    return Math.min(2, Math.floor((slot * 3) / 16_384));
  }

  /** Everything written so far is on the replica too. */
  async function replicated(owner: number): Promise<void> {
    const client = new Redis(cluster.servers[owner]!.url);
    await client.set(`replicated-${await freePort()}`, '').catch(() => undefined);
    const offset = (text: string, name: string): number =>
      Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1]);
    const master = offset(await client.info('replication'), 'master_repl_offset');
    const replica = new Redis(replicas[owner]!.url);
    await waitUntil(
      'the replica has it',
      async () => offset(await replica.info('replication'), 'slave_repl_offset') >= master,
    );
    client.disconnect();
    replica.disconnect();
  }
});
