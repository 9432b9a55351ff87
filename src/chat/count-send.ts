import type { Metrics } from '../metrics';
import { toClientError } from '../shared';
import type { SendAnswer } from './chat.service';

/** Runs a send, its validation included, and counts how it is answered: the same for Socket.IO and REST. */
export async function countSend(
  { sends }: Metrics,
  send: () => SendAnswer | Promise<SendAnswer>,
): Promise<SendAnswer> {
  try {
    const answer = await send();
    sends.inc(answer.duplicate ? 'duplicate' : 'ok');
    return answer;
  } catch (error) {
    sends.inc(toClientError(error).code);
    throw error;
  }
}
