/** What a watchdog needs of a connection to somewhere else. */
export interface Watched {
  /** The socket that is in use now; undefined while there is none. */
  socket(): { readonly bytesRead: number; destroy(error: Error): unknown } | undefined;
  /** Asks the other side for any answer at all. Does nothing where that cannot be asked yet. */
  probe(): void;
}

/** A probe's answer is missed twice: ticks come twice within a time-out. */
const SILENT_TICKS = 4;

/**
 * Finds a connection that has fallen silent without an end (a machine that was lost, an entry of a NAT, a frozen peer),
 * and destroys it, so that its owner makes another. TCP alone may never tell: the kernel of a frozen peer acknowledges
 * all the same. It counts ticks and not time: a process that was stopped has not listened meanwhile.
 */
export class Watchdog {
  private socket: ReturnType<Watched['socket']>;
  private bytesRead = 0;
  private silentTicks = 0;

  constructor(private readonly watched: Watched) {}

  /** To be called twice within the time that an answer may take. Returns whether it has destroyed the socket. */
  tick(): boolean {
    const socket = this.watched.socket();
    if (socket === undefined) return false;
    const isHeard = socket !== this.socket || socket.bytesRead !== this.bytesRead;
    this.socket = socket;
    this.bytesRead = socket.bytesRead;
    this.silentTicks = isHeard ? 0 : this.silentTicks + 1;
    if (this.silentTicks >= SILENT_TICKS) {
      this.silentTicks = 0;
      socket.destroy(new Error('the connection has fallen silent'));
      return true;
    }
    this.watched.probe();
    return false;
  }
}
