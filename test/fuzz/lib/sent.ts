import type { Message } from '../../../src/shared';

/** What ill-formed text becomes at the door: UTF-8 has no half of a surrogate pair, and puts U+FFFD in its place. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [Buffer.from(key).toString(), wellFormed(held)]),
  );
}

/** Everything that somebody sent: what a delivery is held against. */
export class Sent {
  private readonly bodies = new Map<string, Set<string>>();
  private readonly typing = new Set<string>();

  /** A send that may be accepted. The same id may have been sent with several bodies: the first one stored counts. */
  note(from: string, to: string, channel: string, clientId: string, body: string): void {
    const key = [from, to, channel, clientId].join(' ');
    const bodies = this.bodies.get(key) ?? new Set();
    bodies.add(JSON.stringify(wellFormed(JSON.parse(body))));
    this.bodies.set(key, bodies);
  }

  noteTyping(from: string, to: string): void {
    this.typing.add(`${from} ${to}`);
  }

  /** What is wrong with a message that reached that user, or undefined where nothing is. */
  problemOf(viewer: string, message: Message): string | undefined {
    const isCopy = message.channel === 'sent';
    if ((isCopy ? message.from : message.to) !== viewer)
      return `addressed to ${message.to}, seen by ${viewer}`;
    const channels = isCopy ? ['chat', 'notification'] : [message.channel];
    const bodies = channels.map((channel) =>
      this.bodies.get([message.from, message.to, channel, message.clientId].join(' ')),
    );
    if (bodies.every((known) => known === undefined)) return `never sent: ${message.clientId}`;
    const body = JSON.stringify(message.body);
    return bodies.some((known) => known?.has(body)) ? undefined : `another body: ${body.slice(0, 80)}`;
  }

  wasTyping(from: string, to: string): boolean {
    return this.typing.has(`${from} ${to}`);
  }

  forget(): void {
    this.bodies.clear();
    this.typing.clear();
  }
}
