import { Writable } from 'node:stream';
import { atEndOfTurn } from '../shared';
import { coalesceWrites } from './coalesce-writes';

/** Notes what would be one system call each. */
class Recorder extends Writable {
  readonly calls: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.calls.push(chunk.toString());
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.calls.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
    done();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('coalesceWrites', () => {
  it('makes one call of what is written in one turn, in order, also after awaits', async () => {
    const stream = new Recorder();
    coalesceWrites(stream);
    stream.write('a');
    await Promise.resolve();
    stream.write('b');
    stream.write('c');
    expect(stream.calls).toEqual([]);
    await turn();
    expect(stream.calls).toEqual(['abc']);
    stream.write('d');
    await turn();
    expect(stream.calls).toEqual(['abc', 'd']);
  });

  it('takes in what is written by work put off to the end of the turn, whichever came first', async () => {
    const stream = new Recorder();
    coalesceWrites(stream);
    stream.write('a');
    atEndOfTurn(() => stream.write('b'));
    await turn();
    expect(stream.calls).toEqual(['ab']);
    atEndOfTurn(() => stream.write('c'));
    stream.write('d');
    await turn();
    expect(stream.calls).toEqual(['ab', 'dc']);
  });

  it('loses nothing of a stream that is ended in the same turn', async () => {
    const stream = new Recorder();
    coalesceWrites(stream);
    stream.write('a');
    stream.end('b');
    await turn();
    expect(stream.calls.join('')).toBe('ab');
    expect(stream.writableFinished).toBe(true);
  });

  it('calls back for each write', async () => {
    const stream = new Recorder();
    coalesceWrites(stream);
    const written: string[] = [];
    stream.write('a', () => written.push('a'));
    stream.write('b', 'utf8', () => written.push('b'));
    await turn();
    await turn();
    expect(written).toEqual(['a', 'b']);
  });
});
