import { setTimeout as delay } from 'node:timers/promises';
import { TestClient, waitUntil } from '../support';
import { terminate } from './lib/faults';
import type { EventOf, History } from './lib/history';
import type { NodeProcess } from './lib/node-process';
import { FaultSuite } from './lib/suite';

const DRAIN_TIMEOUT_MS = 6000;
const SPREAD_PER_CONNECTION_MS = 20;
const CROWD = 60;
const REDIS_DELAY_MS = 50;
/** What leaves nothing open, over REST and Socket.IO: stored, or a word that says to try again. */
const ANSWERS = new Set<unknown>([200, 201, 503, 'answered', 'unavailable']);

describe('drain under load', () => {
  const suite = new FaultSuite(undefined, { DRAIN_TIMEOUT_MS: `${DRAIN_TIMEOUT_MS}` });

  it('promise 1: every send under way at SIGTERM is answered, and what is acknowledged is in the inbox', async () => {
    let termAt = 0;
    let tookMs = 0;
    let leaving = '';
    let statuses: number[] = [];
    const seen: Record<string, unknown> = {};
    const history = await suite.holds(
      'SIGTERM under load, one client gone without a word',
      async ({ arena, load, history: events }) => {
        const node = arena.node(0);
        leaving = node.name;
        for (let i = 0; i < CROWD; i += 1) load.connectDevice(`crowd-${i}`, 'phone', node.port);
        const wire = await arena.wireTo(node);
        const silent = load.connectDevice('silent', 'phone', wire.port);
        await waitUntil('they are connected', () => load.isAllConnected);
        const sending = sendOverRest(node, load.user(0), events);
        wire.blackHole();
        // So that there always are sends under way.
        arena.wireOf(node).delay(REDIS_DELAY_MS);
        await delay(500);

        termAt = events.now();
        const draining = terminate(arena, node).then((code) => {
          seen['exitCode'] = code;
          tookMs = events.now() - termAt;
        });
        await waitUntil('it is not ready', async () => !(await node.isReady()));
        seen['newcomer'] = await refusalOf(node);
        await draining;
        statuses = await sending;
        seen['leftInRedis'] = await arena.redis.keysThatMention(`${node.name}-`);
        for (const device of load.devices.filter(({ user }) => user.startsWith('crowd'))) load.leave(device);
        load.leave(silent);
      },
      { load: { rate: 100 } },
    );
    expect(seen).toEqual({ exitCode: 0, newcomer: 'TransportError', leftInRedis: [] });
    expect(tookMs).toBeLessThan(DRAIN_TIMEOUT_MS);
    expect(statuses.filter((status) => !ANSWERS.has(status))).toEqual([]);
    expect(statuses.length).toBeGreaterThan(0);

    const outcomes = outcomesOf(history, termAt);
    expect(outcomes.length).toBeGreaterThan(100);
    expect(outcomes.filter((outcome) => !ANSWERS.has(outcome))).toEqual([]);

    const { missing, spreadMs } = toldBy(history, leaving);
    expect(missing).toEqual(['silent']);
    expect(spreadMs).toBeGreaterThan(0.8 * CROWD * SPREAD_PER_CONNECTION_MS);
    expect(spreadMs).toBeLessThan(DRAIN_TIMEOUT_MS / 2 + 1000);
  });
});

/** Somebody who sends over REST, one message after another, until nobody listens any more; returns every status. */
async function sendOverRest(node: NodeProcess, to: string, history: History): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; ; i += 1) {
    const send = { from: 'rest', to, clientId: `rest-${i}` };
    const mark = `${send.clientId} for ${to}`;
    history.add({ kind: 'tried', at: history.now(), ...send, mark, copy: false });
    const body = { to, body: { mark }, clientId: send.clientId };
    const answer = await node.ask('POST', '/messages', { user: 'rest', body }).catch(() => undefined);
    if (answer === undefined) return statuses;
    statuses.push(answer.status);
    const [at, id, offset] = [history.now(), String(answer.body['id']), String(answer.body['offset'])];
    if (answer.status < 300) history.add({ kind: 'answered', at, ...send, id, offset });
  }
}

/** How a handshake is refused: a stock client takes a `TransportError` for a reason to try again. */
async function refusalOf(node: NodeProcess): Promise<string> {
  const newcomer = TestClient.start(node, 'newcomer', { reconnection: true });
  try {
    await newcomer.connected();
    return 'none';
  } catch (error) {
    return newcomer.socket.active ? String((error as { type?: unknown }).type) : 'refused for good';
  } finally {
    newcomer.close();
  }
}

/** How those sends over Socket.IO ended that were tried from then on, until their sender was told to go. */
function outcomesOf({ events }: History, from: number): string[] {
  const told = new Set<string>();
  const tried = events.filter((event) => {
    if (event.kind === 'told' && event.device === 'phone') told.add(event.user);
    return event.kind === 'tried' && event.at > from - 500 && event.from !== 'rest' && !told.has(event.from);
  });
  return (tried as EventOf<'tried'>[]).map((send) => {
    const outcome = events.find(
      (event): event is EventOf<'answered' | 'unanswered'> =>
        (event.kind === 'answered' || event.kind === 'unanswered') &&
        event.from === send.from &&
        event.clientId === send.clientId &&
        event.at >= send.at,
    );
    return outcome?.kind === 'unanswered' ? outcome.reason : (outcome?.kind ?? 'nothing');
  });
}

/** Who of those on that node was not told `session:end draining`, and over what time the others were. */
function toldBy({ events }: History, node: string): { missing: string[]; spreadMs: number } {
  const connections = new Map<string, string>();
  const times: number[] = [];
  for (const event of events) {
    // Node ids begin with the node's name.
    if (event.kind === 'connected' && event.node.startsWith(`${node}-`)) {
      connections.set(event.connection, event.user);
    }
    if (event.kind === 'told' && event.reason === 'draining' && connections.delete(event.connection)) {
      times.push(event.at);
    }
  }
  return { missing: [...connections.values()], spreadMs: Math.max(...times) - Math.min(...times) };
}
