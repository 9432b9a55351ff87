import type { Message } from '../../../src/shared';
import { type Addressed, type Random, RawClient } from '../../support';
import { problemOfAnswer } from './contract';
import type { RequestMaker } from './requests';
import type { Sent } from './sent';

/** So many requests of one connection are under way at once. */
const WINDOW = 16;
/** Events that a server may send. */
const KNOWN = [
  ...['session', 'message', 'inbox:synced', 'inbox:truncated', 'inbox:read'],
  ...['receipt', 'presence', 'typing', 'announcement'],
];

/** One connection that sends at random and looks at everything that comes. */
export class Fuzzer {
  readonly problems: string[] = [];
  delivered = 0;
  answered = 0;
  private nextId = 0;
  private readonly waiting = new Map<number, string>();
  private readonly client: RawClient;
  private wake: (() => void) | undefined;

  private constructor(
    client: RawClient,
    private readonly user: string,
    private readonly random: Random,
    private readonly maker: RequestMaker,
    private readonly sent: Sent,
  ) {
    this.client = client;
    client.onFrame = (frame) => this.look(frame);
  }

  static async connect(
    node: Addressed,
    user: string,
    random: Random,
    maker: RequestMaker,
    sent: Sent,
  ): Promise<Fuzzer> {
    const client = await RawClient.connect(node, user);
    const fuzzer = new Fuzzer(client, user, random, maker, sent);
    for (const frame of client.frames.splice(0)) fuzzer.look(frame);
    return fuzzer;
  }

  /** Sends so many events, and waits until every one that wants an answer has it. */
  async run(count: number): Promise<void> {
    for (let i = 0; i < count && this.client.isOpen; i += 1) {
      this.sendOne();
      if (this.waiting.size >= WINDOW) await this.untilFewer(WINDOW);
    }
    await this.untilFewer(1);
    if (!this.client.isOpen) this.problems.push(`disconnected with ${this.client.closeCode}`);
  }

  close(): void {
    this.client.terminate();
  }

  get unanswered(): number {
    return this.waiting.size;
  }

  private sendOne(): void {
    const { event, args } = this.maker.next(this.user);
    const rest = args === '' ? '' : `,${args}`;
    const name = JSON.stringify(event);
    if (this.random.chance(0.1)) this.client.send(`42[${name}${rest}]`);
    else {
      const id = this.nextId;
      this.nextId += 1;
      this.waiting.set(id, event);
      this.client.send(`42${id}[${name}${rest}]`);
    }
  }

  private async untilFewer(count: number): Promise<void> {
    while (this.waiting.size >= count && this.client.isOpen) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private look(frame: string): void {
    if (frame.startsWith('43')) this.lookAtAnswer(frame);
    else if (frame.startsWith('42')) this.lookAtEvent(frame);
    else if (!frame.startsWith('0') && !frame.startsWith('40'))
      this.problems.push(`frame ${frame.slice(0, 80)}`);
  }

  private lookAtAnswer(frame: string): void {
    const bracket = frame.indexOf('[');
    const id = Number(frame.slice(2, bracket));
    const event = this.waiting.get(id);
    if (event === undefined)
      this.problems.push(`answered what was not asked, or twice: ${frame.slice(0, 80)}`);
    else {
      this.waiting.delete(id);
      this.answered += 1;
      const problem = problemOfAnswer(event, JSON.parse(frame.slice(bracket)));
      if (problem !== undefined) this.problems.push(`${event}: ${problem}: ${frame.slice(0, 200)}`);
    }
    this.wake?.();
  }

  private lookAtEvent(frame: string): void {
    const [event, payload] = JSON.parse(frame.slice(2)) as [string, Record<string, unknown>];
    if (!KNOWN.includes(event)) this.problems.push(`event ${frame.slice(0, 200)}`);
    if (event === 'message') {
      this.delivered += 1;
      const problem = this.sent.problemOf(this.user, payload as unknown as Message);
      if (problem !== undefined) this.problems.push(problem);
    }
    if (event === 'typing' && !this.sent.wasTyping(String(payload['from']), this.user)) {
      this.problems.push(`nobody typed: ${frame.slice(0, 200)}`);
    }
  }
}
