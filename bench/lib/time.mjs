import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

export async function waitUntil(what, isSo, patienceMs = 30_000) {
  const deadline = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await sleep(10);
  }
}

/** Runs `work(i)` for i below `count`, `limit` of them at a time. */
export async function forEachOf(count, limit, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: limit }, lane));
}
