import type { Page, WebSocketRoute } from 'playwright-core';

/**
 * A page's WebSocket, in our hands: it can be cut, and be deaf to what the node says. Take hold of it before the page
 * opens its first connection; it stays in hand over reloads.
 */
export class Wire {
  /** The Socket.IO events that the page sent, in order. */
  readonly sent: { event: string; payload: Record<string, unknown> }[] = [];
  /** Frames of the node that do not come through. */
  hides: RegExp | undefined;
  private isCut = false;
  private deafAfter: string | undefined;
  private isDeaf = false;
  private readonly open = new Set<() => void>();
  private readonly untilMended: (() => void)[] = [];

  static async of(page: Page): Promise<Wire> {
    const wire = new Wire();
    await page.routeWebSocket(/socket\.io/, (socket) => wire.take(socket));
    return wire;
  }

  /** There is no connection from now on. */
  cut(): void {
    this.isCut = true;
    for (const end of this.open) end();
  }

  mend(): void {
    this.isCut = false;
    this.isDeaf = false;
    for (const goOn of this.untilMended.splice(0)) goOn();
  }

  /** The node takes the next of these events, and the page hears of nothing from then on, until it is mended. */
  loseAnswerTo(event: string): void {
    this.deafAfter = event;
  }

  /** What the page asked to be sent. */
  sends(): unknown[] {
    return this.sent.filter(({ event }) => event === 'message:send').map(({ payload }) => payload['body']);
  }

  clientIds(): unknown[] {
    return this.sent
      .filter(({ event }) => event === 'message:send')
      .map(({ payload }) => payload['clientId']);
  }

  private async take(socket: WebSocketRoute): Promise<void> {
    // As where packets are lost: it neither opens nor fails.
    if (this.isCut) await new Promise<void>((resolve) => this.untilMended.push(resolve));
    const server = socket.connectToServer();
    const end = (): void => {
      this.open.delete(end);
      void server.close();
      void socket.close();
    };
    this.open.add(end);
    socket.onMessage((frame) => {
      const packet = /^42\d*(\[.*)$/s.exec(frame.toString())?.[1];
      if (packet !== undefined) {
        const [event, payload] = JSON.parse(packet) as [string, Record<string, unknown>];
        this.sent.push({ event, payload });
        if (event === this.deafAfter) {
          this.deafAfter = undefined;
          this.isDeaf = true;
        }
      }
      server.send(frame);
    });
    server.onMessage((frame) => {
      if (!this.isDeaf && this.hides?.test(frame.toString()) !== true) socket.send(frame);
    });
  }
}
