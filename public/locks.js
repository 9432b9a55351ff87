/**
 * Locks between the tabs of this browser. Browsers have them on https and localhost only: elsewhere every tab has its
 * way at once, and what is done twice must do no harm.
 */
const { locks } = navigator;

/** What one tab has written to the storage may come to another a little later than the lock that it has let go. */
const STORAGE_LAG_MS = 100;
const RELOAD_MS = 1_000;

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

/**
 * Takes a name for as long as this page lives, and tells whether it has got it. It waits a little: a page that is loaded
 * anew comes before the old one has let go.
 */
export function hold(name, mode = 'exclusive') {
  return new Promise((resolve) => {
    const keep = () => {
      resolve(true);
      return new Promise(() => undefined);
    };
    locks.request(name, { mode, signal: AbortSignal.timeout(RELOAD_MS) }, keep).catch(() => resolve(false));
  });
}

/** The names that somebody holds. */
export async function heldNames() {
  const { held } = await locks.query();
  return new Set(held.map(({ name }) => name));
}
