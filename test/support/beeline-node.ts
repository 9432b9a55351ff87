import { randomBytes } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp, listen } from '../../src/app';
import { TokenSigner } from '../../src/auth';
import { readConfig } from '../../src/config';
import { describedBy } from './open-api';

export const TEST_SECRET = 'a secret for tests only, of more than 32 bytes';
const HOUR_MS = 3_600_000;

/** Short leases and sweeps, so that healing is seen within seconds; and no limits for suites that are not about them. */
const TEST_ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '0',
  AUTH_SECRET: TEST_SECRET,
  // Most suites sign tokens for whomever they need: who has no account can be written to all the same.
  LOCAL_ACCOUNTS: 'off',
  NODE_LEASE_MS: '1500',
  SWEEP_INTERVAL_MS: '1000',
  DRAIN_TIMEOUT_MS: '2000',
  SEND_RATE_PER_SECOND: '100000',
  SEND_BYTES_PER_DAY: '1000000000000',
  NEW_RECEIVERS_PER_HOUR: '100000',
  LOG_LEVEL: 'silent',
};

/** For suites about the direct way: no sweep comes in time to hide what it lost. */
export const NO_SWEEPS = { SWEEP_INTERVAL_MS: '600000' };

export type Environment = Record<string, string>;

/** Where clients find a node, be it in this process or in one of its own. */
export interface Addressed {
  readonly url: string;
}

/** One Beeline node inside the test process, on an ephemeral port. */
export interface BeelineNode extends Addressed {
  readonly app: NestExpressApplication;
  /** Drains and ends it. */
  close(): Promise<void>;
}

/** A key prefix that no other suite has. */
export function uniquePrefix(): string {
  return `test-${randomBytes(6).toString('hex')}:`;
}

export async function startNode(environment: Environment = {}): Promise<BeelineNode> {
  const config = readConfig({
    REDIS_URL: process.env['TEST_REDIS_URL'],
    ...TEST_ENVIRONMENT,
    ...environment,
  });
  const app = await createApp(config);
  describedBy(app);
  await listen(app, config);
  return { url: (await app.getUrl()).replace('[::1]', '127.0.0.1'), app, close: () => app.close() };
}

/** Several nodes on one store, apart from every other suite's. */
export async function startCluster(size: number, environment: Environment = {}): Promise<BeelineNode[]> {
  const shared = { REDIS_KEY_PREFIX: uniquePrefix(), ...environment };
  return Promise.all(
    Array.from({ length: size }, (_, i) => startNode({ NODE_NAME: `node-${i}`, ...shared })),
  );
}

export type Trio = [BeelineNode, BeelineNode, BeelineNode];

/** The smallest cluster with a node for the sender, one for the receiver and one that a message does not concern. */
export async function startTrio(environment: Environment = {}): Promise<Trio> {
  return (await startCluster(3, environment)) as Trio;
}

/** Drains and ends them all; those that never came to be, because a set-up failed, are left out. */
export async function closeNodes(...nodes: (BeelineNode | undefined)[]): Promise<void> {
  await Promise.all(nodes.map(async (node) => node?.close()));
}

/** A name that no other test has: users are cheap, and tests that share none can't disturb each other. */
export function uniqueUser(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}

/** An access token as our own key signs it. */
export function tokenFor(user: string, claims: Record<string, string> = {}, ttlMs = HOUR_MS): string {
  return new TokenSigner(TEST_SECRET, 'sub').signAccess(user, Date.now(), ttlMs, claims);
}
