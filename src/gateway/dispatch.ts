import { Logger, type OnceAMinute } from '../logging';
import { BeelineError, monotonicMs, toClientError } from '../shared';
import type { Conduct } from './conduct';

type Ack = (answer: object) => void;

/** Whose event it is. */
export interface Sender {
  readonly conduct: Conduct;
  /** For the log. */
  readonly ids: object;
  /** One for all senders: an outage is one line, however many it hits. */
  readonly outages: OnceAMinute;
}

/**
 * Answers one event: `args` is what Socket.IO hands over, the payload and perhaps an acknowledgement. Never
 * throws, answers exactly once where an answer is wanted, and tells nothing of an error that is not the client's.
 */
export async function dispatch(
  args: readonly unknown[],
  handle: (payload: unknown) => Promise<object>,
  logger: Logger,
  { conduct, ids, outages }: Sender,
): Promise<void> {
  const retryAfterMs = conduct.takeEvent(monotonicMs());
  if (retryAfterMs > 0) return refuseOneOfMany(args, conduct, retryAfterMs);
  const { payload, ack } = takeApart(args);
  try {
    const answer = await handle(payload);
    ack?.({ ok: true, ...answer });
  } catch (thrown) {
    const error = toClientError(thrown);
    if (error.code === 'internal') logger.error({ err: thrown, ...ids }, 'handler failed');
    else if (error.code === 'unavailable') {
      const count = outages.due('unavailable');
      if (count !== undefined) logger.warn({ err: error.cause, ...ids, count }, 'store unavailable');
    } else logger.debug({ code: error.code, ...ids }, 'event refused');
    ack?.({ ok: false, error: error.toBody() });
    if (error.code === 'rate_limited') conduct.noteRefusal(monotonicMs());
  }
}

/** Before its payload has been looked at: the cheapest there is. */
function refuseOneOfMany(args: readonly unknown[], conduct: Conduct, retryAfterMs: number): void {
  const ack = ackOf(args);
  if (ack !== undefined) {
    const error = new BeelineError('rate_limited', 'too many events on this connection', { retryAfterMs });
    ack({ ok: false, error: error.toBody() });
  }
  conduct.noteRefusal(monotonicMs());
}

/** An event has one payload. Where there are several, or none, the payload is what no validation accepts. */
function takeApart(args: readonly unknown[]): { payload: unknown; ack: Ack | undefined } {
  const ack = ackOf(args);
  const payloads = ack === undefined ? args : args.slice(0, -1);
  return { payload: payloads.length === 1 ? payloads[0] : undefined, ack };
}

function ackOf(args: readonly unknown[]): Ack | undefined {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as Ack) : undefined;
}
