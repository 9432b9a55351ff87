import type { Level } from './level';
import { isSealed, seal } from './seal';

/** There where every value has a seal. */
const FORMAT_KEY = 'format';
const FORMAT = 'sealed';
const PAGE = 1000;

/** Gives values of a store from before there were seals theirs. May be cut short and run again. */
export async function sealAll(level: Level): Promise<void> {
  if ((await level.get(FORMAT_KEY)) !== undefined) return;
  const entries = level.iterator();
  try {
    for (let page = await entries.nextv(PAGE); page.length > 0; page = await entries.nextv(PAGE)) {
      const bare = page.filter(([, value]) => !isSealed(value));
      await level.batch(bare.map(([key, value]) => ({ type: 'put', key, value: seal(key, value) })));
    }
  } finally {
    await entries.close();
  }
  await level.put(FORMAT_KEY, seal(FORMAT_KEY, FORMAT), { sync: true });
}
