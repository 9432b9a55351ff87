/**
 * Numbered beats that a node sends to itself through its own channel: the only proof that what others send
 * would arrive. A subscription can be gone without any event in the client (its slot moved, a proxy lost it).
 */
export class Heartbeat {
  private sent = 0;
  private heard = 0;
  private missed = false;

  /** The number of the beat to send now. */
  next(): number {
    this.sent += 1;
    return this.sent;
  }

  /** Takes a beat that came back. A gap before it means that other things were lost there too. */
  hear(beat: number): void {
    if (beat <= this.heard) return;
    if (beat !== this.heard + 1) this.missed = true;
    this.heard = beat;
  }

  /** Whether every beat sent so far has come back: asked just before the next one is sent. */
  isWhole(): boolean {
    return this.heard === this.sent;
  }

  /** Whether something was lost since this was last asked, though the channel may work again. */
  takeMissed(): boolean {
    const missed = this.missed;
    this.missed = false;
    return missed;
  }

  /** On a new subscription: what was sent before it is not waited for any more. */
  restart(): void {
    this.heard = this.sent;
    this.missed = false;
  }
}
