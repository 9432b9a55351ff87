import { type Random, tokenFor } from '../../support';
import { REQUEST_EVENTS } from './contract';
import type { Sent } from './sent';
import { wildJson } from './wild';

export interface Request {
  event: string;
  /** The arguments after the event's name, as JSON. */
  args: string;
}

const UNKNOWN = [
  '',
  'message',
  'session',
  'session:end',
  'inbox:',
  'Message:Send',
  '__proto__',
  'constructor',
  'error',
];

/** Makes requests of every kind, a third each: as they should be, almost so, and wild. */
export class RequestMaker {
  private count = 0;
  private readonly tokens: ReadonlyMap<string, string>;

  constructor(
    private readonly random: Random,
    private readonly users: readonly string[],
    private readonly sent: Sent,
  ) {
    // Signed once: signing takes longer than most requests.
    this.tokens = new Map(users.map((user) => [user, tokenFor(user)]));
  }

  /** The next request of that user. */
  next(user: string): Request {
    const { random } = this;
    const event = random.chance(0.45) ? 'message:send' : random.pick(REQUEST_EVENTS);
    if (random.chance(0.05)) return { event: random.pick(UNKNOWN), args: wildJson(random) };
    const kind = random.next();
    if (kind < 0.4) return this.asItShouldBe(event, user);
    if (kind < 0.75) return this.almost(event, user);
    const args = Array.from({ length: random.pick([0, 1, 1, 1, 1, 2, 3]) }, () => wildJson(random));
    return { event, args: args.join() };
  }

  private asItShouldBe(event: string, user: string): Request {
    const fields = this.fields(event, user);
    this.remember(event, user, fields);
    return { event, args: print(fields) };
  }

  /** One field is missing, wild, or said twice. */
  private almost(event: string, user: string): Request {
    const fields = this.fields(event, user);
    const name = this.random.pick(Object.keys(fields));
    if (this.random.chance(0.3)) delete fields[name];
    else fields[name] = wildJson(this.random);
    // It may be right all the same: then it has been sent.
    this.remember(event, user, fields);
    return { event, args: print(fields) };
  }

  /** The fields of a right request, each as JSON. */
  private fields(event: string, user: string): Record<string, string> {
    const { random } = this;
    const someone = () => JSON.stringify(random.pick(this.users));
    const channel = JSON.stringify(random.pick(['chat', 'notification', 'chat', 'sent']));
    const offset = JSON.stringify(
      random.pick(['0-0', `${Date.now() - random.below(60_000)}-0`, '9999999999999-0']),
    );
    const users = `[${Array.from({ length: random.int(1, 5) }, someone).join()}]`;
    switch (event) {
      case 'message:send':
        return this.message(someone());
      case 'inbox:ack':
      case 'inbox:read':
        return { channel, offset };
      case 'inbox:pull':
        return {
          channel,
          limit: String(random.int(1, 20)),
          ...(random.chance(0.5) ? { after: offset } : {}),
        };
      case 'receipts:get':
        return { messages: `[{"to":${someone()},"channel":"chat","offset":${offset}}]` };
      case 'typing':
        return { to: someone(), typing: random.pick(['true', 'false']) };
      case 'auth:refresh':
        return {
          token: JSON.stringify(this.tokens.get(random.chance(0.5) ? user : random.pick(this.users))),
        };
      default:
        return { users };
    }
  }

  private message(to: string): Record<string, string> {
    const { random } = this;
    this.count += 1;
    const number = random.chance(0.05) ? random.below(this.count) : this.count;
    const body = random.chance(0.2)
      ? wildJson(random)
      : JSON.stringify({ text: 'x'.repeat(random.below(300)) });
    return {
      to,
      body,
      clientId: JSON.stringify(`f-${number}`),
      ...(random.chance(0.5) ? { channel: random.pick(['"chat"', '"notification"']) } : {}),
      ...(random.chance(0.2) ? { copy: 'true' } : {}),
      ...(random.chance(0.2) ? { receipt: 'true' } : {}),
    };
  }

  private remember(event: string, user: string, fields: Record<string, string>): void {
    const { to, channel = '"chat"', clientId, body = '' } = fields;
    if (![to, channel].every(isText)) return;
    if (event === 'typing') this.sent.noteTyping(user, textOf(to));
    if (event !== 'message:send' || !isText(clientId) || body === '') return;
    const printed = reprint(body);
    if (printed === undefined) return;
    this.sent.note(user, textOf(to), textOf(channel), textOf(clientId), printed);
  }
}

/** As whoever parses and prints it will see it; undefined where it is too deep to be printed, so too deep to be stored. */
function reprint(json: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const isText = (json: string | undefined): boolean => json?.startsWith('"') ?? false;
const textOf = (json: string | undefined): string => JSON.parse(json ?? '""') as string;

function print(fields: Record<string, string>): string {
  return `{${Object.entries(fields)
    .map(([name, json]) => `"${name}":${json}`)
    .join()}}`;
}
