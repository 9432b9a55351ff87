import { randomUUID } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import { RedisAccountStore } from '../../src/auth/adapters/redis-account-store';
import { RedisBlockStore } from '../../src/blocks/adapters/redis-block-store';
import { RedisRevocationStore } from '../../src/auth/adapters/redis-revocation-store';
import { type Config, readConfig } from '../../src/config';
import { RedisInboxStore } from '../../src/inbox/adapters/redis-inbox-store';
import { RedisContactStore } from '../../src/limits/adapters/redis-contact-store';
import { RedisRateStore } from '../../src/limits/adapters/redis-rate-store';
import { createLogger } from '../../src/logging';
import { Metrics } from '../../src/metrics';
import { RedisLeaseStore } from '../../src/node/adapters/redis-lease-store';
import { RedisNodeChannel } from '../../src/node/adapters/redis-node-channel';
import { RedisPresenceStore } from '../../src/presence/adapters/redis-presence-store';
import { CommandRedis, Keys, LeaseRedis, ReplicaRedis, SubscriberRedis } from '../../src/redis';
import { EntryLife } from '../../src/routing/entry-life';
import { RedisMailbox } from '../../src/routing/adapters/redis-mailbox';
import { StoreClock } from '../../src/shared';
import type { OpenStore, StoreFaults, StoreKind } from './store-kind';

/** The Redis adapters, without the container, on the test run's real redis-server under a prefix of their own. */
export const redisStore: StoreKind = {
  name: 'redis',
  open: (overrides = {}) =>
    openWith(
      readConfig({
        REDIS_URL: process.env['TEST_REDIS_URL'],
        REDIS_KEY_PREFIX: `contract-${randomUUID()}:`,
        AUTH_SECRET: 'a secret for tests only, of more than 32 bytes',
        ...overrides,
      }),
    ),
};

async function openWith(config: Config): Promise<OpenStore> {
  const logger = createLogger({ logLevel: 'silent', nodeName: 'contract' });
  const metrics = new Metrics();
  const commands = new CommandRedis(config, logger, metrics);
  const leaseRedis = new LeaseRedis(config, logger, metrics);
  const subscriber = new SubscriberRedis(config, logger, metrics);
  const replica = new ReplicaRedis(config, logger, metrics);
  const connections = [commands, leaseRedis, subscriber, replica];
  await Promise.all(connections.map((redis) => redis.connect()));
  const keys = new Keys(config.redisKeyPrefix);
  return {
    leases: new RedisLeaseStore(leaseRedis, keys),
    channel: new RedisNodeChannel(commands, subscriber, keys, logger),
    accounts: new RedisAccountStore(commands, keys),
    revocations: new RedisRevocationStore(commands, keys),
    inboxes: new RedisInboxStore(commands, keys, config),
    presence: new RedisPresenceStore(commands, keys, config),
    mailbox: new RedisMailbox(commands, keys, config, new StoreClock(), new EntryLife(config), replica),
    rates: new RedisRateStore(commands, keys),
    contacts: new RedisContactStore(commands, keys),
    blocks: new RedisBlockStore(commands, keys),
    faults: faultsOf(commands.client, keys, config.redisKeyPrefix),
    storeNow: async () => {
      const [seconds, micros] = await commands.client.time();
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    },
    openAnother: () => openWith(config),
    close: async () => {
      for (const redis of connections) redis.disconnect();
    },
  };
}

function faultsOf(redis: Redis | Cluster, keys: Keys, prefix: string): StoreFaults {
  return {
    loseInbox: async (user, channel) => void (await redis.del(keys.inbox(user, channel))),
    loseState: async (user) => void (await redis.del(keys.state(user))),
    losePresence: async (user) => void (await redis.del(keys.presence(user))),
    /** The server's clock is nobody's to set: the last offset is moved ahead of it instead. */
    setClockBack: async (user, channel, byMs) => {
      const [seconds] = await redis.time();
      const ahead = Number(seconds) * 1000 + 1000 + byMs;
      await redis.hset(keys.state(user), `${channel}:last`, `${ahead}-0`);
    },
    ageContacts: async (user, byMs) => {
      const contacts = await redis.zrange(keys.contacts(user), '0', '-1');
      for (const contact of contacts) await redis.zincrby(keys.contacts(user), -byMs, contact);
      const rate = keys.rate(user, 'new-receivers');
      const fullAt = await redis.get(rate);
      const aged = fullAt?.split(' ').map((ms) => `${Number(ms) - byMs}`);
      if (aged !== undefined) await redis.set(rate, aged.join(' '), 'KEEPTTL');
    },
    addContacts: async (user, receivers) => {
      const now = Date.now() - receivers.length;
      await redis.zadd(keys.contacts(user), ...receivers.flatMap((receiver, i) => [now + i, receiver]));
    },
    countContacts: (user) => redis.zcard(keys.contacts(user)),
    immortals: async () => {
      const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
      const keysThere = (await Promise.all(servers.map((server) => server.keys(`${prefix}*`)))).flat();
      const stays = (key: string): boolean => /^(account:|revoked:\{[^}]+\}$)/.test(key.slice(prefix.length));
      const found = keysThere.filter((key) => !stays(key));
      const lives = await Promise.all(found.map((key) => redis.pttl(key)));
      return found.filter((_key, i) => lives[i] === -1);
    },
  };
}
