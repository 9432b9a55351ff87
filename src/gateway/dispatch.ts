import { Logger } from '../logging';
import { toClientError } from '../shared';

type Ack = (answer: object) => void;

/**
 * Answers one event: `args` is what Socket.IO hands over, the payload and perhaps an acknowledgement. Never
 * throws, answers exactly once where an answer is wanted, and tells nothing of an error that is not the client's.
 */
export async function dispatch(
  args: readonly unknown[],
  handle: (payload: unknown) => Promise<object>,
  logger: Logger,
  ids: object,
): Promise<void> {
  const { payload, ack } = takeApart(args);
  try {
    const answer = await handle(payload);
    ack?.({ ok: true, ...answer });
  } catch (thrown) {
    const error = toClientError(thrown);
    if (error.code === 'internal') logger.error({ err: thrown, ...ids }, 'handler failed');
    else if (error.code === 'unavailable') logger.warn({ err: error.cause, ...ids }, 'store unavailable');
    ack?.({ ok: false, error: error.toBody() });
  }
}

/** An event has one payload. Where there are several, or none, the payload is what no validation accepts. */
function takeApart(args: readonly unknown[]): { payload: unknown; ack: Ack | undefined } {
  const last = args.at(-1);
  const ack = typeof last === 'function' ? (last as Ack) : undefined;
  const payloads = ack === undefined ? args : args.slice(0, -1);
  return { payload: payloads.length === 1 ? payloads[0] : undefined, ack };
}
