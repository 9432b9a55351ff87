/**
 * Locks between the tabs of this browser. Browsers have them on https and localhost only: elsewhere every tab has its
 * way at once, and what is done twice must do no harm.
 */
const { locks } = navigator;

/** What one tab has written to the storage may come to another a little later than the lock that it has let go. */
const STORAGE_LAG_MS = 100;

export const hasLocks = locks !== undefined;

/** Does it while no other tab does anything under that name. */
export async function alone(name, act) {
  if (!hasLocks) return act();
  let isDone = false;
  const actOnce = () => {
    isDone = true;
    return act();
  };
  const result = await locks.request(name, { ifAvailable: true }, (lock) => lock && actOnce());
  if (isDone) return result;
  return locks.request(name, async () => {
    await new Promise((resolve) => setTimeout(resolve, STORAGE_LAG_MS));
    return act();
  });
}
