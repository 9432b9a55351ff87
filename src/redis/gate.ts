/**
 * Fails at once what would only time out: closed by the first command that got no answer in time, opened by the
 * first probe that got one. A Redis that is there but silent (a black hole, a stopped process) would otherwise
 * hold every caller for a whole time-out. Pure but for the wait between probes.
 */
export class Gate {
  private closed = false;
  private stopped = false;

  constructor(
    /** Resolves if Redis answers in time, rejects otherwise. */
    private readonly probe: () => Promise<unknown>,
    private readonly pauseMs: number,
  ) {}

  get isOpen(): boolean {
    return !this.closed;
  }

  /** A command got no answer in time. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.probeAgain();
  }

  /** No more probes: the connection is given up. */
  stop(): void {
    this.stopped = true;
  }

  private probeAgain(): void {
    if (this.stopped) return;
    this.probe().then(
      () => {
        this.closed = false;
      },
      () => setTimeout(() => this.probeAgain(), this.pauseMs).unref(),
    );
  }
}
