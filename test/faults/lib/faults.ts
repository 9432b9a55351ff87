import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../../support';
import type { Arena } from './arena';
import type { SteppedClock } from './faketime';
import type { KillPoint, NodeProcess } from './node-process';
import type { RedisProcess } from './redis-process';
import type { TcpProxy } from './tcp-proxy';

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
  await ail(arena, arena.wireOf(node), `${node.name} cut off from Redis`, ms, (wire) => wire.blackHole());
}

/** Connections to Redis are cut and refused. */
export async function refuse(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  await ail(arena, arena.wireOf(node), `${node.name} refused by Redis`, ms, (wire) => wire.refuse());
}

/** Commands are carried out, and their replies never come. */
export async function dropReplies(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  await ail(arena, arena.wireOf(node), `${node.name} hears nothing of Redis`, ms, (wire) =>
    wire.dropReplies(),
  );
}

export async function slowRedis(arena: Arena, node: NodeProcess, ms: number): Promise<void> {
  await ail(arena, arena.wireOf(node), `${node.name} far from Redis`, ms, (wire) => wire.delay(60));
}

/** Some harm to a wire for a time. */
export async function ail(
  arena: Arena,
  wire: TcpProxy,
  what: string,
  ms: number,
  harm: (wire: TcpProxy) => void,
): Promise<void> {
  harm(wire);
  arena.fault(what);
  await delay(ms);
  await wire.pass();
  arena.fault(`no more: ${what}`);
}

export async function killRedis(arena: Arena, redis: RedisProcess, downMs: number): Promise<void> {
  await redis.kill();
  arena.fault('Redis killed');
  await delay(downMs);
  await redis.start();
  arena.fault('Redis back');
}

/** It takes connections and commands, and answers nothing until it is thawed. */
export async function freezeRedis(arena: Arena, redis: RedisProcess, ms: number): Promise<void> {
  redis.freeze();
  arena.fault('Redis frozen');
  await delay(ms);
  redis.thaw();
  arena.fault('Redis thawed');
}

/** The clock of Redis steps, forward or back, and stays so. */
export function stepClock(arena: Arena, seconds: number): void {
  arena.single.clock?.step(seconds);
  arena.fault(`the clock of Redis stepped by ${seconds} s`);
}

/** A replica takes over that has missed the last writes, and whose clock may be behind. */
export async function loseWrites(
  arena: Arena,
  { options, clock, lostMs }: { options: readonly string[]; clock: SteppedClock | undefined; lostMs: number },
): Promise<void> {
  const replica = await arena.startReplica(clock?.environment, options);
  await replica.command('REPLICAOF', 'NO', 'ONE');
  await delay(lostMs);
  await arena.failOver(replica);
  arena.single.clock = clock;
}

/** Writes fail for want of room, and all that is tried meanwhile with them; then there is room again. */
export async function fillDisk(arena: Arena, leaveBytes: number, ms: number): Promise<void> {
  if (!arena.disk.isOwnDisk) return;
  arena.disk.fill(leaveBytes);
  arena.fault('the disk is full');
  await delay(ms);
  arena.disk.makeRoom();
  arena.fault('the disk has room again');
}

export async function emptyRedis(arena: Arena): Promise<void> {
  await arena.redis.command('FLUSHALL');
  arena.history.add({ kind: 'store-lost', at: arena.history.now() });
  arena.fault('Redis emptied');
}

/** Every node's subscription is cut; Redis stays. */
export async function killSubscribers(arena: Arena, servers: readonly RedisProcess[]): Promise<void> {
  await Promise.all(servers.map((redis) => redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')));
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

export async function forgetScripts(arena: Arena, servers: readonly RedisProcess[]): Promise<void> {
  await Promise.all(servers.map((redis) => redis.command('SCRIPT', 'FLUSH')));
  arena.fault('scripts forgotten');
}

/** Redis takes no writes for want of memory. */
export async function outOfMemory(arena: Arena, redis: RedisProcess, ms: number): Promise<void> {
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  arena.fault('Redis out of memory');
  await delay(ms);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
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

async function untilEnded(node: NodeProcess, point: string): Promise<void> {
  await waitUntil(`${node.name} ended itself ${point}`, () => node.hasEnded, 10_000);
}
