import type { ClassicLevel, Snapshot } from 'classic-level';
import type { Expiring } from './changes';
import type { KeyRange } from './keys';

type Level = ClassicLevel<string, string>;

/** Reading: of what stands now, or of one moment where there is a snapshot. */
export class View {
  private readonly options: { snapshot?: Snapshot };

  constructor(
    private readonly level: Level,
    snapshot?: Snapshot,
  ) {
    this.options = snapshot === undefined ? {} : { snapshot };
  }

  async read<T extends object>(key: string): Promise<T | undefined> {
    const text = await this.level.get<string, string>(key, this.options);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** A record that has expired is as good as removed. */
  async readLiving<T extends Expiring>(key: string, nowMs: number): Promise<T | undefined> {
    const record = await this.read<T>(key);
    return record !== undefined && record.until > nowMs ? record : undefined;
  }

  /** Keys and values of a range, read a few at a time as they are asked for. */
  range(
    range: KeyRange,
    options: { reverse?: boolean; limit?: number } = {},
  ): AsyncIterable<[string, string]> {
    return this.level.iterator<string, string>({ ...range, ...options, ...this.options });
  }
}
