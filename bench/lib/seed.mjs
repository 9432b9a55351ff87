/** Inboxes filled by the store's own append script, without a node. */
import { evalsha, load } from './resp-load.mjs';
import { StoreCalls } from './store.mjs';

/** Puts `count` messages into the inbox of each user. */
export async function fillInboxes(redis, users, count) {
  const calls = new StoreCalls();
  for (const to of users) {
    const appends = [];
    for (let i = 0; i < count; i += 1) {
      appends.push(await calls.append({ from: 'sender', to, clientId: `s-${i}` }));
    }
    for (const lua of calls.texts) await redis.client.call('SCRIPT', 'LOAD', lua);
    await load(redis.port, appends.map(evalsha));
  }
}
