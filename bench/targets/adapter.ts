import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { createAdapter as createClassicAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import type { Server } from 'socket.io';

type Adapter = NonNullable<Parameters<Server['adapter']>[0]>;

/** What the environment names: how nodes of plain Socket.IO reach each other. */
export async function adapterFromEnvironment(): Promise<Adapter | undefined> {
  const { ADAPTER, REDIS_URL = '' } = process.env;
  if (ADAPTER === undefined) return undefined;
  const commands = new Redis(REDIS_URL, { lazyConnect: true });
  await commands.connect();
  if (ADAPTER === 'streams') return createStreamsAdapter(commands) as Adapter;
  const subscriber = commands.duplicate();
  await subscriber.connect();
  if (ADAPTER === 'classic') return createClassicAdapter(commands, subscriber) as Adapter;
  if (ADAPTER === 'sharded') {
    return createShardedAdapter(commands, subscriber, { subscriptionMode: 'dynamic' }) as Adapter;
  }
  throw new Error(`ADAPTER must be classic, sharded or streams, not ${ADAPTER}`);
}
