import { Watchdog } from './watchdog';

class Wire {
  bytesRead = 0;
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
  }
}

describe('a watchdog', () => {
  let wire: Wire | undefined;
  let probes: number;
  let isAnswering: boolean;
  let watchdog: Watchdog;

  beforeEach(() => {
    wire = new Wire();
    probes = 0;
    isAnswering = true;
    watchdog = new Watchdog({
      socket: () => wire,
      probe: () => {
        probes += 1;
        if (isAnswering && wire !== undefined) wire.bytesRead += 7;
      },
    });
  });

  it('leaves alone what answers', () => {
    for (let i = 0; i < 100; i += 1) expect(watchdog.tick()).toBe(false);
    expect([probes, wire?.isDestroyed]).toEqual([100, false]);
  });

  it('destroys what has missed two time-outs, not one', () => {
    watchdog.tick();
    isAnswering = false;
    const ticks = [1, 2, 3, 4, 5].map(() => watchdog.tick());
    // The first of these has heard the answer to the probe before it.
    expect(ticks).toEqual([false, false, false, false, true]);
    expect(wire?.isDestroyed).toBe(true);
  });

  it('gives the next socket as long', () => {
    isAnswering = false;
    for (let i = 0; i < 4; i += 1) watchdog.tick();
    const next = new Wire();
    wire = next;
    for (let i = 0; i < 4; i += 1) expect(watchdog.tick()).toBe(false);
    expect(watchdog.tick()).toBe(true);
    expect(next.isDestroyed).toBe(true);
  });

  it('asks nothing where there is no socket', () => {
    wire = undefined;
    expect(watchdog.tick()).toBe(false);
    expect(probes).toBe(0);
  });
});
