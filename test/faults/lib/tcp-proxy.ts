import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

type Mode =
  | { kind: 'pass' }
  /** Nothing gets through in either direction, nothing is closed, nothing is lost: it comes when the hole closes. */
  | { kind: 'black-hole' }
  | { kind: 'delay'; ms: number }
  /** Replies are read no faster than this. */
  | { kind: 'slow'; bytesPerSecond: number }
  /** Requests arrive, replies do not. */
  | { kind: 'drop-replies' };

interface Link {
  client: Socket;
  upstream: Socket;
  /** Replies were dropped: what follows would make no sense to the client. */
  isTorn: boolean;
  /** What one side writes never comes to the other, nor that it has gone. */
  isAbandoned: boolean;
}

/**
 * A TCP proxy on 127.0.0.1 that misbehaves on request, switchable while connections run. With several upstreams it
 * takes them in turn and passes over those that refuse: a small load balancer.
 */
export class TcpProxy {
  private readonly server: Server;
  private readonly links = new Set<Link>();
  private mode: Mode = { kind: 'pass' };
  private changed = new Change();
  private turn = 0;
  private closed = false;
  port = 0;

  private constructor(private readonly upstreams: () => readonly number[]) {
    this.server = createServer((client) => void this.accept(client));
  }

  static async start(upstreams: () => readonly number[]): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstreams);
    await proxy.listen();
    return proxy;
  }

  get connections(): number {
    return this.links.size;
  }

  /** Back to normal. Connections that have lost something on the way are cut. */
  async pass(): Promise<void> {
    this.switchTo({ kind: 'pass' });
    for (const link of this.links) if (link.isTorn) cut(link);
    if (!this.server.listening) await this.listen();
  }

  /** Every connection is cut, and new ones are refused. */
  refuse(): void {
    this.server.close();
    this.cutAll();
  }

  cutAll(): void {
    for (const link of this.links) cut(link);
  }

  /** Clients go without a word: the upstream side stays open, and nobody reads or answers there. */
  abandonAll(): void {
    for (const link of this.links) {
      link.isAbandoned = true;
      link.client.destroy();
    }
  }

  /**
   * Those connections that are open now, or one of them, fall silent for ever, as where a machine or a NAT entry was
   * lost: bytes are taken and lead nowhere, and no end is told. New ones are as good as any. They are told apart by the
   * port that the upstream sees.
   */
  silence(pick: (ports: readonly number[]) => readonly number[] = (ports) => ports): void {
    const open = [...this.links].filter(({ isAbandoned }) => !isAbandoned);
    const picked = new Set(pick(open.map(({ upstream }) => upstream.localPort ?? 0)));
    for (const link of open) if (picked.has(link.upstream.localPort ?? 0)) link.isAbandoned = true;
  }

  blackHole(): void {
    this.switchTo({ kind: 'black-hole' });
  }

  delay(ms: number): void {
    this.switchTo({ kind: 'delay', ms });
  }

  slow(bytesPerSecond: number): void {
    this.switchTo({ kind: 'slow', bytesPerSecond });
  }

  dropReplies(): void {
    this.switchTo({ kind: 'drop-replies' });
  }

  close(): void {
    this.closed = true;
    this.switchTo({ kind: 'pass' });
    this.server.close();
    this.cutAll();
  }

  private switchTo(mode: Mode): void {
    this.mode = mode;
    const { changed } = this;
    this.changed = new Change();
    changed.announce();
  }

  private async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    this.port = address.port;
  }

  private async accept(client: Socket): Promise<void> {
    client.on('error', () => client.destroy());
    await this.outOfTheHole();
    const upstream = await this.reach();
    if (upstream === undefined || client.destroyed || this.closed) {
      upstream?.destroy();
      client.destroy();
      return;
    }
    const link: Link = { client, upstream, isTorn: false, isAbandoned: false };
    this.links.add(link);
    upstream.on('error', () => upstream.destroy());
    upstream.once('close', () => {
      // The other side of a silent connection is not told, and stays.
      if (!link.isAbandoned || client.destroyed) this.links.delete(link);
      if (!link.isAbandoned) void this.outOfTheHole().then(() => client.destroy());
    });
    client.once('close', () => {
      if (!link.isAbandoned) void this.outOfTheHole().then(() => upstream.destroy());
    });
    void this.pump(link, client, upstream);
    void this.pump(link, upstream, client);
  }

  /** The next upstream that takes the connection. */
  private async reach(): Promise<Socket | undefined> {
    const ports = this.upstreams();
    for (let tried = 0; tried < ports.length; tried += 1) {
      const port = ports[this.turn++ % ports.length] as number;
      const upstream = connect(port, '127.0.0.1');
      upstream.setNoDelay(true);
      try {
        await once(upstream, 'connect');
        return upstream;
      } catch {
        upstream.destroy();
      }
    }
    return undefined;
  }

  /** One direction. A socket that is iterated is read no faster than it is written on. */
  private async pump(link: Link, from: Socket, to: Socket): Promise<void> {
    const isReply = from === link.upstream;
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.holdBack(chunk.length, isReply);
        if (isReply && this.mode.kind === 'drop-replies') link.isTorn = true;
        else if (!link.isTorn && !link.isAbandoned && !to.write(chunk)) {
          await Promise.race([once(to, 'drain'), once(to, 'close')]);
        }
      }
      if (!link.isAbandoned) to.end();
    } catch {
      if (!link.isAbandoned) cut(link);
    }
  }

  private async outOfTheHole(): Promise<void> {
    while (this.mode.kind === 'black-hole') await this.changed.happened;
  }

  private async holdBack(bytes: number, isReply: boolean): Promise<void> {
    await this.outOfTheHole();
    const { mode, changed } = this;
    if (mode.kind === 'delay') await changed.within(mode.ms);
    if (mode.kind === 'slow' && isReply) await changed.within((1000 * bytes) / mode.bytesPerSecond);
  }
}

function cut(link: Link): void {
  link.client.destroy();
  link.upstream.destroy();
}

/** The next change of mode. */
class Change {
  announce!: () => void;
  readonly happened = new Promise<void>((resolve) => (this.announce = resolve));

  /** Resolves after that time, or at the change if that is earlier. */
  within(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      void this.happened.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
