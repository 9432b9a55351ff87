import fc from 'fast-check';
import { isAfter, type Offset, type UpTo } from '../shared';
import { AckMerger } from './ack-merger';

const at = (n: number): Offset => `${n}-0` as Offset;

/** Cursor writes that end when the test says so. */
class Writes {
  readonly asked: Offset[] = [];
  private readonly pending: {
    offset: Offset;
    resolve: (cursor: Offset) => void;
    reject: (e: Error) => void;
  }[] = [];

  readonly write = (upTo: UpTo): Promise<Offset> => {
    const offset = upTo as Offset;
    this.asked.push(offset);
    return new Promise((resolve, reject) => this.pending.push({ offset, resolve, reject }));
  };

  get underWay(): number {
    return this.pending.length;
  }

  async end(error?: Error): Promise<void> {
    const write = this.pending.shift();
    if (error === undefined) write?.resolve(write.offset);
    else write?.reject(error);
    // The merger goes on within the microtasks that follow.
    await new Promise(setImmediate);
  }
}

describe('an ack merger', () => {
  it('makes those that come during a write one next write of the greatest', async () => {
    const [merger, writes] = [new AckMerger(), new Writes()];
    const first = merger.ack('k', at(1), writes.write);
    const later = [9, 11, 10].map((n) => merger.ack('k', at(n), writes.write));
    expect(writes.asked).toEqual([at(1)]);
    await writes.end();
    await expect(first).resolves.toBe(at(1));
    expect(writes.asked).toEqual([at(1), at(11)]);
    await writes.end();
    await expect(Promise.all(later)).resolves.toEqual([at(11), at(11), at(11)]);
    expect(writes.underWay).toBe(0);
  });

  it('keeps keys apart', () => {
    const [merger, writes] = [new AckMerger(), new Writes()];
    void merger.ack('a', at(1), writes.write);
    void merger.ack('b', at(2), writes.write);
    expect(writes.underWay).toBe(2);
  });

  it('tells of a failed write those who waited for it, and no one else', async () => {
    const [merger, writes] = [new AckMerger(), new Writes()];
    const first = merger.ack('k', at(1), writes.write).catch((error: Error) => error.message);
    const second = merger.ack('k', at(2), writes.write);
    await writes.end(new Error('away'));
    await writes.end();
    expect(await first).toBe('away');
    expect(await second).toBe(at(2));
  });

  it('tells of a write that throws at once as of one that fails', async () => {
    const merger = new AckMerger();
    const broken = (): never => {
      throw new Error('broken');
    };
    await expect(merger.ack('k', at(1), broken)).rejects.toThrow('broken');
    await expect(merger.ack('k', at(2), (offset) => Promise.resolve(offset as Offset))).resolves.toBe(at(2));
  });

  it('answers every ack with a cursor that covers it, one write of a key at a time', async () => {
    const step = fc.oneof(
      fc.record({ ack: fc.integer({ min: 1, max: 30 }), key: fc.constantFrom('a', 'b') }),
      fc.constant('end' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const merger = new AckMerger();
        const byKey = { a: new Writes(), b: new Writes() };
        const answers: Promise<boolean>[] = [];
        for (const taken of steps) {
          if (taken === 'end') {
            await byKey.a.end();
            await byKey.b.end();
          } else {
            const offset = at(taken.ack);
            const cursor = merger.ack(taken.key as 'a' | 'b', offset, byKey[taken.key as 'a' | 'b'].write);
            answers.push(cursor.then((value) => !isAfter(offset, value)));
          }
          for (const writes of Object.values(byKey)) expect(writes.underWay).toBeLessThanOrEqual(1);
        }
        for (const writes of Object.values(byKey)) while (writes.underWay > 0) await writes.end();
        expect((await Promise.all(answers)).every(Boolean)).toBe(true);
        expect(byKey.a.asked.length + byKey.b.asked.length).toBeLessThanOrEqual(answers.length);
      }),
    );
  });
});
