import { Redis } from 'ioredis';
import type { RedisServer } from './redis-server';

/** Moves the slot of a key, with everything in it, to the next master: what an operator's resharding does. */
export async function moveSlotOf(
  { servers }: { servers: readonly Pick<RedisServer, 'url' | 'port'>[] },
  key: string,
): Promise<void> {
  const clients = servers.map(({ url }) => new Redis(url));
  try {
    const slot = Number(await clients[0]!.cluster('KEYSLOT', key));
    const ids = await Promise.all(clients.map(async (client) => String(await client.cluster('MYID'))));
    const from = await ownerOf(clients, ids, slot);
    const to = (from + 1) % clients.length;
    await clients[to]!.cluster('SETSLOT', slot, 'IMPORTING', ids[from]!);
    await clients[from]!.cluster('SETSLOT', slot, 'MIGRATING', ids[to]!);
    await moveKeys(clients[from]!, servers[to]!.port, slot);
    for (const i of [to, from, ...clients.keys()])
      await clients[i]!.cluster('SETSLOT', slot, 'NODE', ids[to]!);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** Key by key, so that a script finds some of its keys here and some there. */
async function moveKeys(from: Redis, port: number, slot: number): Promise<void> {
  for (;;) {
    const [key] = (await from.cluster('GETKEYSINSLOT', slot, 1)) as string[];
    if (key === undefined) return;
    await from.migrate('127.0.0.1', port, key, 0, 5000);
  }
}

/** Which of the masters serves the slot, by their own account. */
async function ownerOf(clients: Redis[], ids: string[], slot: number): Promise<number> {
  const ranges = await clients[0]!.cluster('SLOTS');
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  return ids.indexOf(range?.[2]?.[2] ?? '');
}
