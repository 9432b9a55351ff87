import fc from 'fast-check';
import { Heartbeat } from './heartbeat';

describe('a heartbeat', () => {
  it('is whole before the first beat and after each that came back', () => {
    const heartbeat = new Heartbeat();
    expect(heartbeat.isWhole()).toBe(true);
    const beat = heartbeat.next();
    expect(heartbeat.isWhole()).toBe(false);
    heartbeat.hear(beat);
    expect(heartbeat.isWhole()).toBe(true);
    expect(heartbeat.takeMissed()).toBe(false);
  });

  it('tells of a gap once, though the channel works again', () => {
    const heartbeat = new Heartbeat();
    heartbeat.next();
    heartbeat.hear(heartbeat.next());
    expect(heartbeat.isWhole()).toBe(true);
    expect(heartbeat.takeMissed()).toBe(true);
    expect(heartbeat.takeMissed()).toBe(false);
  });

  it('waits for nothing from before a new subscription', () => {
    const heartbeat = new Heartbeat();
    const lost = heartbeat.next();
    heartbeat.restart();
    expect(heartbeat.isWhole()).toBe(true);
    heartbeat.hear(lost);
    heartbeat.hear(heartbeat.next());
    expect(heartbeat.isWhole()).toBe(true);
    expect(heartbeat.takeMissed()).toBe(false);
  });

  it('forgets a gap from before a new subscription', () => {
    const heartbeat = new Heartbeat();
    heartbeat.next();
    heartbeat.hear(heartbeat.next());
    heartbeat.restart();
    expect(heartbeat.takeMissed()).toBe(false);
  });

  it('is whole exactly when the last beat came back, and knows of exactly the gaps between those heard', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ comesBack: fc.boolean(), twice: fc.boolean() })), (beats) => {
        const heartbeat = new Heartbeat();
        let lostBefore = false;
        let gap = false;
        for (const { comesBack, twice } of beats) {
          const beat = heartbeat.next();
          if (comesBack) heartbeat.hear(beat);
          if (comesBack && twice) heartbeat.hear(beat);
          if (comesBack) gap ||= lostBefore;
          lostBefore = !comesBack;
          expect(heartbeat.isWhole()).toBe(comesBack);
        }
        expect(heartbeat.takeMissed()).toBe(gap);
      }),
    );
  });
});
