import { Redis } from 'ioredis';
import { codeOf, inPlainWords } from '../shared';
import { singleOptions, urlsOf } from './client';
import { isRefusal } from './refusal';
import type { ServerFacts } from './server-facts';
import { TimeoutError, withTimeLimit } from './time-limit';

/** A server that speaks TLS only ends what is none at once. One that speaks none waits for the end of a line. */
const CLOSED_UNHEARD = 'the connection was closed before any answer: does the server want TLS (rediss://)?';
const SILENT_TO_TLS = 'no answer to TLS in time: is it a server without TLS (redis://)?';
const QUESTIONS = 5;

/**
 * Looks at the hosts that REDIS_URL names, in turn, until one can be used: reached, let in, not loading, and of a
 * Cluster one whose slots are served. Fails with what came of each.
 */
export async function firstLook(url: string, timeoutMs: number): Promise<ServerFacts> {
  const urls = urlsOf(url);
  const problems: string[] = [];
  for (const each of urls) {
    try {
      return await lookAt(each, urls.length > 1, timeoutMs);
    } catch (error) {
      problems.push(`${new URL(each).host}: ${inPlainWords(error)}`);
    }
  }
  throw new Error(problems.join('; '));
}

async function lookAt(url: string, isClusterMeant: boolean, timeoutMs: number): Promise<ServerFacts> {
  const client = new Redis(url, {
    ...singleOptions(timeoutMs, 'FirstLook'),
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  let heard: Error | undefined;
  client.on('error', (error) => {
    heard ??= error;
  });
  try {
    await withTimeLimit(client.connect(), timeoutMs);
    return await withTimeLimit(askAll(client, isClusterMeant), QUESTIONS * timeoutMs);
  } catch (error) {
    throw explained(heard ?? error, client);
  } finally {
    client.disconnect();
  }
}

/** Where the two sides do not agree on TLS, no error says so. */
function explained(error: unknown, client: Redis): unknown {
  const isTls = client.options.tls !== undefined;
  const isSilent = error instanceof TimeoutError || codeOf(error) === 'ETIMEDOUT';
  if (isSilent) return isTls && client.status !== 'ready' ? new Error(SILENT_TO_TLS) : error;
  const isClosed = codeOf(error) === 'ECONNRESET' || (error as Error).message === 'Connection is closed.';
  return isClosed && !isTls ? new Error(CLOSED_UNHEARD) : error;
}

async function askAll(client: Redis, isClusterMeant: boolean): Promise<ServerFacts> {
  await client.ping();
  const isCluster = await askWhetherCluster(client);
  if (isClusterMeant && !isCluster)
    throw new Error('REDIS_URL names several hosts, and this one is no Redis Cluster');
  const { db = 0 } = client.options;
  // The client library goes on in database 0 where it can not have this one.
  if (db > 0) await client.select(db);
  const mayAskInfo = await mayAsk(() => client.info('server'));
  if (!isCluster) return { isCluster, mayAskInfo, mayAskClusterInfo: false };
  const slots = await client.cluster('SLOTS');
  if (slots.length === 0) throw new Error('the Cluster has no slots: no server is given any');
  let state = '';
  const mayAskClusterInfo = await mayAsk(async () => {
    state = String(await client.cluster('INFO'));
  });
  if (/^cluster_state:fail/m.test(state))
    throw new Error('CLUSTERDOWN: not all slots of the Cluster are served');
  // A Cluster of one that has met no other does not know its own name: it is used as the one server that it is.
  const isNamed = slots.some(([, , ...servers]) => servers.some(([host]) => host));
  if (!isNamed) return { isCluster: false, mayAskInfo, mayAskClusterInfo: false };
  return { isCluster, mayAskInfo, mayAskClusterInfo };
}

/** HELLO is everybody's to ask; where a proxy does not know it, INFO may tell. */
async function askWhetherCluster(client: Redis): Promise<boolean> {
  const hello = await ifAnswered(() => client.call('HELLO'));
  if (hello !== undefined) return modeIn(hello) === 'cluster';
  const info = await ifAnswered(() => client.info('cluster'));
  return info?.includes('cluster_enabled:1') ?? false;
}

/** Names and values, in turn or as a map, by the protocol that was agreed on. */
function modeIn(hello: unknown): unknown {
  const flat = hello instanceof Map ? [...(hello as Map<unknown, unknown>)].flat() : hello;
  if (Array.isArray(flat)) return flat[flat.indexOf('mode') + 1] as unknown;
  return (flat as { mode?: unknown }).mode;
}

async function mayAsk(ask: () => Promise<unknown>): Promise<boolean> {
  return (
    (await ifAnswered(async () => {
      await ask();
      return true;
    })) ?? false
  );
}

/** Undefined where the server does not let this user ask, or does not know the question. */
async function ifAnswered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
