import { randomBytes } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app';
import { TokenSigner } from '../../src/auth';
import { readConfig } from '../../src/config';

export const TEST_SECRET = 'a secret for tests only, of more than 32 bytes';
const HOUR_MS = 3_600_000;

/** Short leases and sweeps, so that healing is seen within seconds. */
const TEST_ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '0',
  AUTH_SECRET: TEST_SECRET,
  NODE_LEASE_MS: '1500',
  SWEEP_INTERVAL_MS: '1000',
  DRAIN_TIMEOUT_MS: '2000',
  LOG_LEVEL: 'silent',
};

export type Environment = Record<string, string>;

/** One Beeline node inside the test process, on an ephemeral port. */
export interface BeelineNode {
  readonly url: string;
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
  await app.listen(config.port, config.host);
  return { url: (await app.getUrl()).replace('[::1]', '127.0.0.1'), app, close: () => app.close() };
}

/** Several nodes on one store, apart from every other suite's. */
export async function startCluster(size: number, environment: Environment = {}): Promise<BeelineNode[]> {
  const shared = { REDIS_KEY_PREFIX: uniquePrefix(), ...environment };
  return Promise.all(
    Array.from({ length: size }, (_, i) => startNode({ NODE_NAME: `node-${i}`, ...shared })),
  );
}

/** An access token as our own key signs it. */
export function tokenFor(user: string, claims: Record<string, string> = {}, ttlMs = HOUR_MS): string {
  return new TokenSigner(TEST_SECRET, 'sub').signAccess(user, Date.now(), ttlMs, claims);
}
