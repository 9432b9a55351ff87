import type { KeyObject } from 'node:crypto';
import { StartError } from '../shared';
import { keptSecret } from './data-dir';
import { inWords, misnamedIn } from './misnamed';
import { type Setting, SETTINGS, type Settings } from './settings';

/** Who signs the tokens that this node accepts. The key, never the token, decides the algorithm. */
export type TokenKey =
  | { kind: 'own'; secret: string }
  | { kind: 'shared-secret'; secret: string }
  | { kind: 'public-key'; key: KeyObject }
  | { kind: 'jwks'; url: string };

/**
 * The typed configuration of a node, and the token under which it is injected. Built once at start; nothing
 * else reads the environment.
 */
export abstract class Config implements Omit<Settings, SettledElsewhere> {
  abstract readonly port: number;
  abstract readonly host: string;
  abstract readonly adminPort: number | undefined;
  /** Where unset, the store is the embedded one in `dataDir`. */
  abstract readonly redisUrl: string | undefined;
  abstract readonly startTimeoutMs: number;
  abstract readonly redisKeyPrefix: string;
  abstract readonly redisCommandTimeoutMs: number;
  abstract readonly redisWaitReplicas: number;
  abstract readonly dataDir: string;
  abstract readonly nodeName: string;
  abstract readonly tokenKey: TokenKey;
  abstract readonly jwtIssuer: string | undefined;
  abstract readonly jwtAudience: string | undefined;
  abstract readonly jwtClockToleranceMs: number;
  abstract readonly jwtUserClaim: string;
  abstract readonly localAccounts: boolean;
  abstract readonly registration: Settings['registration'];
  abstract readonly registrationsPerHour: number;
  abstract readonly reservedNames: readonly string[];
  abstract readonly accessTokenTtlMs: number;
  abstract readonly refreshTokenTtlMs: number;
  abstract readonly channels: Settings['channels'];
  abstract readonly inboxMaxLength: number;
  abstract readonly inboxMaxBytes: number;
  abstract readonly inboxTtlMs: number;
  abstract readonly dedupeWindowMs: number;
  abstract readonly maxBodyBytes: number;
  abstract readonly sendRatePerSecond: number;
  abstract readonly backendSendRatePerSecond: number;
  abstract readonly sendBytesPerDay: number;
  abstract readonly newReceiversPerHour: number;
  abstract readonly maxConnectionsPerAddress: number;
  abstract readonly trustedProxies: number;
  abstract readonly sessionPolicy: Settings['sessionPolicy'];
  abstract readonly maxDevicesPerUser: number;
  abstract readonly presenceDebounceMs: number;
  abstract readonly nodeLeaseMs: number;
  abstract readonly sweepIntervalMs: number;
  abstract readonly sweepMaxPerSecond: number;
  abstract readonly drainTimeoutMs: number;
  abstract readonly pingIntervalMs: number;
  abstract readonly pingTimeoutMs: number;
  abstract readonly maxBufferedBytes: number;
  abstract readonly corsOrigins: readonly string[];
  abstract readonly logLevel: Settings['logLevel'];
}

/** Settings that appear in the configuration only in a settled form. */
type SettledElsewhere =
  'store' | 'authSecret' | 'jwtSecret' | 'jwtPublicKey' | 'jwtJwksUrl' | 'localAccounts';

/** All that is wrong with an environment, a line each. */
export class ConfigError extends StartError {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment in two steps: each value by itself, then how they fit together. Names every problem at once.
 * With the embedded store and no key, `secretIn` gives the secret that the data directory keeps.
 */
export function readConfig(environment: Environment, secretIn = keptSecret): Config {
  const problems: string[] = [];
  const settings = readSettings(environment, problems);
  settleStore(settings, environment, problems);
  const isKept = isEmbedded(settings, environment) && keysIn(environment).length === 0;
  const given = isKept ? undefined : settleTokenKey(settings, environment, problems);
  const localAccounts = settleLocalAccounts(settings, isKept ? 'own' : given?.kind, problems);
  settleBuffer(settings, problems);
  settleSweep(settings, problems);
  if (problems.length > 0) throw new ConfigError([...problems, ...misnamedIn(environment).map(inWords)]);
  const tokenKey = given ?? { kind: 'own', secret: secretIn(settings.dataDir) };
  const { store: _s, authSecret: _a, jwtSecret: _b, jwtPublicKey: _c, jwtJwksUrl: _d, ...rest } = settings;
  const { adminPort, redisUrl } = settings;
  return Object.freeze({ ...rest, adminPort, redisUrl, tokenKey, localAccounts });
}

function hasRedis(environment: Environment): boolean {
  return Boolean(environment['REDIS_URL']?.trim());
}

function isEmbedded({ store }: Partial<Settings>, environment: Environment): boolean {
  return store === 'embedded' || (store === undefined && !hasRedis(environment));
}

/** Nobody gets the embedded store by mistake where it matters: a name misspelt would make each node an island. */
function settleStore({ store }: Partial<Settings>, environment: Environment, problems: string[]): void {
  if (hasRedis(environment)) {
    if (store === 'embedded') problems.push('STORE is embedded, and REDIS_URL is set: only one can be meant');
  } else if (store === 'redis') {
    problems.push('REDIS_URL is missing: STORE is redis');
  } else if (store === undefined && environment['NODE_ENV']?.trim() === 'production') {
    problems.push(
      "REDIS_URL is missing: set it, or STORE=embedded to keep everything on this machine's disk, for one node",
    );
  }
}

function readSettings(environment: Environment, problems: string[]): Settings {
  const values: Record<string, unknown> = {};
  const settings: [string, Setting<unknown>][] = Object.entries(SETTINGS);
  for (const [name, { variable, read, fallback }] of settings) {
    const given = environment[variable]?.trim();
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) continue;
    try {
      values[name] = read(text);
    } catch (error) {
      problems.push(`${variable} ${(error as Error).message}`);
    }
  }
  return values as Settings;
}

/** A message around its body: two ids of 128 letters and one of 64, up to four bytes each, and fields of fixed length. */
const AROUND_BODY_BYTES = 2048;

const KEY_VARIABLES = ['AUTH_SECRET', 'JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'] as const;

function keysIn(environment: Environment): string[] {
  return KEY_VARIABLES.filter((variable) => environment[variable]?.trim());
}

function settleTokenKey(
  settings: Settings,
  environment: Environment,
  problems: string[],
): TokenKey | undefined {
  const given = keysIn(environment);
  if (given.length !== 1) {
    problems.push(
      given.length === 0
        ? `a key is missing: set one of ${KEY_VARIABLES.join(', ')}`
        : `${given.join(' and ')} are both set: one key decides who may sign`,
    );
    return undefined;
  }
  const { authSecret, jwtSecret, jwtPublicKey, jwtJwksUrl } = settings;
  if (authSecret !== undefined) return { kind: 'own', secret: authSecret };
  if (jwtSecret !== undefined) return { kind: 'shared-secret', secret: jwtSecret };
  if (jwtPublicKey !== undefined) return { kind: 'public-key', key: jwtPublicKey };
  if (jwtJwksUrl !== undefined) return { kind: 'jwks', url: jwtJwksUrl };
  return undefined;
}

function settleLocalAccounts(
  settings: Settings,
  tokenKeyKind: TokenKey['kind'] | undefined,
  problems: string[],
): boolean {
  const own = tokenKeyKind === 'own';
  if (settings.localAccounts === true && tokenKeyKind !== undefined && !own) {
    problems.push('LOCAL_ACCOUNTS needs AUTH_SECRET: an outside issuer keeps its accounts itself');
  }
  return own && settings.localAccounts !== false;
}

/** Not one user could be swept in time. */
function settleSweep({ sweepIntervalMs, sweepMaxPerSecond }: Partial<Settings>, problems: string[]): void {
  if (sweepIntervalMs === undefined || sweepMaxPerSecond === undefined) return;
  if (sweepIntervalMs * sweepMaxPerSecond < 1000) {
    problems.push(
      `SWEEP_MAX_PER_SECOND must be at least ${Math.ceil(1000 / sweepIntervalMs)}: fewer than one user could be swept within SWEEP_INTERVAL_MS at ${sweepIntervalMs}`,
    );
  }
}

/** Pushing stops at the limit and a connection is ended at twice that: one message more must always fit in between. */
function settleBuffer({ maxBufferedBytes, maxBodyBytes }: Partial<Settings>, problems: string[]): void {
  if (maxBufferedBytes === undefined || maxBodyBytes === undefined) return;
  const needed = maxBodyBytes + AROUND_BODY_BYTES;
  if (maxBufferedBytes < needed) {
    problems.push(
      `MAX_BUFFERED_BYTES must be at least ${needed}: one message needs that with MAX_BODY_BYTES at ${maxBodyBytes}`,
    );
  }
}
