/** What Redis keeps, in bytes: per message, per dedupe record, per user who is only connected. */
import { startRedis, usedMemory } from '../lib/redis.mjs';
import { command, evalsha, load } from '../lib/resp-load.mjs';
import { StoreCalls } from '../lib/store.mjs';

const MESSAGES_PER_USER = 100;

export const memoryCase = ({ users }) => ({
  scenario: 'memory',
  target: 'beeline',
  nodes: 1,
  settings: { users, messagesPerUser: MESSAGES_PER_USER },
  measure: () => measureMemory(users),
});

async function measureMemory(users) {
  const redis = await startRedis();
  const calls = new StoreCalls();
  const run = async (scripts) => {
    for (const lua of calls.texts) await redis.client.call('SCRIPT', 'LOAD', lua);
    await load(redis.port, scripts.map(evalsha));
  };
  const user = (i) => `user-${i}`;
  try {
    // So that the scripts and the connections are there before anything is counted.
    await run([
      calls.register('first', 'node'),
      await calls.append({ from: 'a', to: 'first', clientId: 'c' }),
    ]);
    const empty = await usedMemory(redis);
    await run(Array.from({ length: users }, (_, i) => calls.register(user(i), 'node-of-some-name-7f3a')));
    const registered = await usedMemory(redis);
    const appends = [];
    for (let i = 0; i < users * MESSAGES_PER_USER; i += 1) {
      const message = { from: user((i + 1) % users), to: user(i % users), clientId: `client-${i}` };
      appends.push(await calls.append(message));
    }
    const jsonBytes = appends.reduce((sum, { drafts }) => sum + drafts[0].length, 0) / appends.length;
    await run(appends);
    const filled = await usedMemory(redis);
    await load(
      redis.port,
      appends.map(({ keys }) => command('DEL', keys[3])),
    );
    const undeduped = await usedMemory(redis);
    return {
      idleUserBytes: (registered - empty) / users,
      messageBytes: (undeduped - registered) / appends.length,
      messageJsonBytes: jsonBytes,
      dedupeBytes: (filled - undeduped) / appends.length,
    };
  } finally {
    await redis.stop();
  }
}
