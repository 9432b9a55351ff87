import type { Snapshot } from 'classic-level';
import type { Expiring } from './changes';
import type { KeyRange } from './keys';
import type { Level } from './level';
import { unseal } from './seal';

/** A record that is there and is not what was written. */
export const DAMAGED = Symbol('damaged');

interface RangeOptions {
  reverse?: boolean;
  /** Told the key of each value that is damaged. */
  onDamaged?: ((key: string) => void) | undefined;
}

/** Reading: of what stands now, or of one moment where there is a snapshot. What is damaged is never given out. */
export class View {
  private readonly options: { snapshot?: Snapshot };

  constructor(
    private readonly level: Level,
    private readonly onDamaged: (key: string) => void,
    snapshot?: Snapshot,
  ) {
    this.options = snapshot === undefined ? {} : { snapshot };
  }

  /** For records whose loss must not look like their absence. */
  async find<T extends object>(key: string): Promise<T | typeof DAMAGED | undefined> {
    const value = await this.level.get<string, string>(key, this.options);
    if (value === undefined) return undefined;
    const text = unseal(key, value);
    if (text !== undefined) return JSON.parse(text) as T;
    this.onDamaged(key);
    return DAMAGED;
  }

  /** A damaged record is as good as none. */
  async read<T extends object>(key: string): Promise<T | undefined> {
    const found = await this.find<T>(key);
    return found === DAMAGED ? undefined : found;
  }

  /** A record that has expired is as good as removed. */
  async readLiving<T extends Expiring>(key: string, nowMs: number): Promise<T | undefined> {
    const record = await this.read<T>(key);
    return record !== undefined && record.until > nowMs ? record : undefined;
  }

  /** Keys and texts of a range, read a few at a time as they are asked for. Damaged ones are passed over. */
  async *range(
    range: KeyRange,
    { onDamaged, ...options }: RangeOptions = {},
  ): AsyncGenerator<[string, string]> {
    for await (const [key, value] of this.level.iterator<string, string>({
      ...range,
      ...options,
      ...this.options,
    })) {
      const text = unseal(key, value);
      if (text !== undefined) {
        yield [key, text];
      } else {
        this.onDamaged(key);
        onDamaged?.(key);
      }
    }
  }

  /** The keys of a range, whatever is stored under them. */
  keys(range: KeyRange, options: { limit?: number } = {}): AsyncIterable<string> {
    return this.level.keys<string>({ ...range, ...options, ...this.options });
  }
}
