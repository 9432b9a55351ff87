import type { Message } from '../../../src/shared';
import { waitUntil } from '../../support';
import { seen } from './device';
import type { Remains, SeenMessage } from './history';
import type { NodeProcess } from './node-process';
import type { ArenaStore } from './stores/arena-store';

const CHANNELS = ['chat', 'sent'];

interface Page {
  messages: Message[];
  next: string;
  more: boolean;
}

/** What is left when all is over: every inbox, pulled over REST from a node that lives, and every key. */
export async function readRemains(
  livingNode: () => NodeProcess | undefined,
  store: Pick<ArenaStore, 'keys'>,
  users: readonly string[],
  readAt: number,
): Promise<Remains> {
  const inboxes: Remains['inboxes'] = [];
  for (const user of users) {
    for (const channel of CHANNELS) {
      inboxes.push({ user, channel, messages: await pull(livingNode, user, channel) });
    }
  }
  return { readAt, inboxes, keys: await store.keys() };
}

async function pull(
  livingNode: () => NodeProcess | undefined,
  user: string,
  channel: string,
): Promise<SeenMessage[]> {
  const messages: SeenMessage[] = [];
  for (let after = '0-0', more = true; more;) {
    const page = await pullPage(livingNode, user, `/inbox/${channel}?after=${after}&limit=200`);
    messages.push(...page.messages.map(seen));
    after = page.next;
    more = page.more;
  }
  return messages;
}

/** Asked again where a busy machine made it `unavailable`. */
async function pullPage(
  livingNode: () => NodeProcess | undefined,
  user: string,
  path: string,
): Promise<Page> {
  let page: Page | undefined;
  let last: unknown;
  await waitUntil(`${path} of ${user} is answered`, async () => {
    const answer = await livingNode()
      ?.ask('GET', path, { user })
      .catch(() => undefined);
    if (answer?.status === 200) page = answer.body as unknown as Page;
    last = answer;
    return page !== undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; the last answer was ${JSON.stringify(last)}`);
  });
  if (page === undefined) throw new Error('not pulled');
  return page;
}
