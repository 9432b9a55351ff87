import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../../support';
import type { Arena } from './arena';
import type { KillPoint, NodeProcess } from './node-process';

/** What can go wrong, each undone before it resolves; whoever plays it sees to the load. */

export async function killNode(arena: Arena, node: NodeProcess): Promise<void> {
  await node.kill();
  arena.fault(`${node.name} killed`);
}

/** The node ends itself at that point; fails where it never gets there. */
export async function killAt(arena: Arena, node: NodeProcess, point: KillPoint, passes = 1): Promise<void> {
  node.arm(point, passes);
  await untilEnded(node, point);
  arena.fault(`${node.name} killed ${point}`);
}

/** SIGTERM, and killed in the middle of leaving; returns null, or the exit code where it had too little to leave. */
export async function killInDrain(arena: Arena, node: NodeProcess): Promise<number | null> {
  node.arm('mid-drain', 3);
  const code = await node.terminate();
  arena.fault(`${node.name} killed in mid-drain`);
  return code;
}

export async function freeze(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  arena.fault(`${node.name} frozen for ${ms} ms`);
  node.freeze();
  await delay(ms);
  node.thaw();
  arena.fault(`${node.name} thawed`);
}

/** SIGTERM; returns the exit code. */
export async function terminate(arena: Arena, node: NodeProcess): Promise<number | null> {
  const code = await node.terminate();
  arena.fault(`${node.name} left`);
  return code;
}

/** No byte between that node and Redis, and no end of a connection either. */
export async function partition(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  arena.wireOf(node).blackHole();
  arena.fault(`${node.name} cut off from Redis`);
  await delay(ms);
  await mend(arena, node);
}

/** Connections to Redis are cut and refused. */
export async function refuse(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  arena.wireOf(node).refuse();
  arena.fault(`${node.name} refused by Redis`);
  await delay(ms);
  await mend(arena, node);
}

/** Commands are carried out, and their replies never come. */
export async function dropReplies(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  arena.wireOf(node).dropReplies();
  arena.fault(`${node.name} hears nothing of Redis`);
  await delay(ms);
  await mend(arena, node);
}

export async function slowRedis(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  arena.wireOf(node).delay(60);
  arena.fault(`${node.name} far from Redis`);
  await delay(ms);
  await mend(arena, node);
}

export async function killRedis(arena: Arena, downMs: number): Promise<void> {
  await arena.redis.kill();
  arena.fault('Redis killed');
  await delay(downMs);
  await arena.redis.start();
  arena.fault('Redis back');
}

export async function emptyRedis(arena: Arena): Promise<void> {
  await arena.redis.command('FLUSHALL');
  arena.history.add({ kind: 'store-lost', at: arena.history.now() });
  arena.fault('Redis emptied');
}

/** Every node's subscription is cut; Redis stays. */
export async function killSubscribers(arena: Arena): Promise<void> {
  await arena.redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  arena.fault('subscribers killed');
}

export async function losePublishes(arena: Arena, ms: number): Promise<void> {
  const nodes = arena.running;
  for (const node of nodes) node.losePublishes(true);
  arena.fault('every publish is lost');
  await delay(ms);
  for (const node of nodes) if (!node.hasEnded) node.losePublishes(false);
  arena.fault('publishes arrive again');
}

export async function forgetScripts(arena: Arena): Promise<void> {
  await arena.redis.command('SCRIPT', 'FLUSH');
  arena.fault('scripts forgotten');
}

/** Redis takes no writes for want of memory. */
export async function outOfMemory(arena: Arena, ms: number): Promise<void> {
  await arena.redis.command('CONFIG', 'SET', 'maxmemory', '1');
  arena.fault('Redis out of memory');
  await delay(ms);
  await arena.redis.command('CONFIG', 'SET', 'maxmemory', '0');
  arena.fault('Redis has memory again');
}

/** What a demoted master is: it answers, and takes no writes. */
export async function readOnly(arena: Arena, ms: number): Promise<void> {
  await arena.redis.command('REPLICAOF', '127.0.0.1', '1');
  arena.fault('Redis read-only');
  await delay(ms);
  await arena.redis.command('REPLICAOF', 'NO', 'ONE');
  arena.fault('Redis writable again');
}

export function cutClients(arena: Arena): void {
  arena.front.cutAll();
  arena.fault('every client cut off');
}

/** The clients see their connections end; the nodes see nothing. */
export function abandonClients(arena: Arena): void {
  arena.front.abandonAll();
  arena.fault('every connection half-open');
}

async function mend(arena: Arena, node: NodeProcess): Promise<void> {
  await arena.wireOf(node).pass();
  arena.fault(`${node.name} has Redis again`);
}

async function untilEnded(node: NodeProcess, point: string): Promise<void> {
  await waitUntil(`${node.name} ended itself ${point}`, () => node.hasEnded, 10_000);
}
