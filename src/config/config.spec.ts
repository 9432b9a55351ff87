import { generateKeyPairSync } from 'node:crypto';
import { hostname } from 'node:os';
import { type Config, ConfigError, readConfig } from './config';
import { doubtsAbout } from './doubts';
import { SETTINGS } from './settings';

const SECRET = 'a secret of thirty-two bytes, or more';
const REDIS_URL = 'redis://127.0.0.1:6379';
const least = { REDIS_URL, AUTH_SECRET: SECRET };
const outside = { REDIS_URL, JWT_SECRET: SECRET };

const pemOf = ({ publicKey }: ReturnType<typeof generateKeyPairSync>): string =>
  (publicKey as unknown as { export(o: object): string }).export({ type: 'spki', format: 'pem' });
const ecPem = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }) as never);

function problemsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the configuration', () => {
  it('has the documented defaults', () => {
    const expected: Config = {
      port: 3000,
      host: '0.0.0.0',
      adminPort: undefined,
      redisUrl: REDIS_URL,
      startTimeoutMs: 60_000,
      redisKeyPrefix: 'beeline:',
      redisCommandTimeoutMs: 2000,
      redisWaitReplicas: 0,
      dataDir: './data',
      nodeName: hostname(),
      tokenKey: { kind: 'own', secret: SECRET },
      jwtIssuer: undefined,
      jwtAudience: undefined,
      jwtClockToleranceMs: 5000,
      jwtUserClaim: 'sub',
      localAccounts: true,
      registration: 'open',
      registrationsPerHour: 100,
      reservedNames: ['admin', 'system', 'support', 'root'],
      accessTokenTtlMs: 15 * 60 * 1000,
      refreshTokenTtlMs: 30 * 24 * 3600 * 1000,
      channels: ['chat', 'notification'] as unknown as Config['channels'],
      inboxMaxLength: 10_000,
      inboxMaxBytes: 4 * 1024 * 1024,
      inboxTtlMs: 30 * 24 * 3600 * 1000,
      dedupeWindowMs: 600_000,
      maxBodyBytes: 16_384,
      sendRatePerSecond: 20,
      backendSendRatePerSecond: 2000,
      sendBytesPerDay: 128 * 1024 * 1024,
      newReceiversPerHour: 200,
      maxConnectionsPerAddress: 0,
      trustedProxies: 0,
      sessionPolicy: 'multiple',
      maxDevicesPerUser: 10,
      presenceDebounceMs: 3000,
      nodeLeaseMs: 10_000,
      sweepIntervalMs: 30_000,
      sweepMaxPerSecond: 2000,
      drainTimeoutMs: 20_000,
      pingIntervalMs: 25_000,
      pingTimeoutMs: 20_000,
      maxBufferedBytes: 1_048_576,
      corsOrigins: [],
      logLevel: 'info',
    };
    expect(readConfig(least)).toEqual(expected);
  });

  it('can not be changed once it is read', () => {
    expect(Object.isFrozen(readConfig(least))).toBe(true);
  });

  it('takes what is empty or blank as not set, and trims', () => {
    expect(readConfig({ ...least, PORT: '', HOST: '  ', LOG_LEVEL: ' warn ' })).toMatchObject({
      port: 3000,
      host: '0.0.0.0',
      logLevel: 'warn',
    });
  });

  const wrong: Record<string, string[]> = {
    PORT: ['-1', '65536', '1.5', 'x', '0x10', '1e3'],
    ADMIN_PORT: ['0', '-1', '65536', 'x'],
    REDIS_WAIT_REPLICAS: ['-1', 'x'],
    STORE: ['postgres', 'Redis', 'on'],
    START_TIMEOUT_MS: ['-1', 'x', '60s'],
    REDIS_URL: ['localhost:6379', 'http://localhost', 'redis://a:1,http://b:2', 'x', ','],
    REDIS_KEY_PREFIX: ['a{b', 'a}b', 'a b'],
    REDIS_COMMAND_TIMEOUT_MS: ['9', 'x'],
    AUTH_SECRET: ['short', 'x'.repeat(31)],
    JWT_SECRET: ['short', 'x'.repeat(31)],
    JWT_PUBLIC_KEY: ['x', '-----BEGIN PUBLIC KEY-----\nxxxx\n-----END PUBLIC KEY-----'],
    JWT_JWKS_URL: ['x', 'ftp://keys.test', 'file:///keys'],
    LOCAL_ACCOUNTS: ['yes', '1', 'ON'],
    REGISTRATION: ['closed', 'on'],
    REGISTRATIONS_PER_HOUR: ['0', 'x'],
    RESERVED_NAMES: ['a/b', 'a,', 'a b'],
    ACCESS_TOKEN_TTL_MS: ['999', 'x'],
    REFRESH_TOKEN_TTL_MS: ['999', '99999999999999999999'],
    CHANNELS: [',', 'Chat', 'chat,chat', 'chat,sent', 'a b', 'x'.repeat(33)],
    INBOX_MAX_LENGTH: ['0', 'x'],
    INBOX_MAX_BYTES: ['1023'],
    INBOX_TTL_MS: ['999'],
    DEDUPE_WINDOW_MS: ['999'],
    JWT_CLOCK_TOLERANCE_MS: ['-1'],
    MAX_BODY_BYTES: ['0', '524289'],
    SEND_RATE_PER_SECOND: ['0'],
    BACKEND_SEND_RATE_PER_SECOND: ['0'],
    SEND_BYTES_PER_DAY: ['1023', 'x'],
    NEW_RECEIVERS_PER_HOUR: ['0'],
    MAX_CONNECTIONS_PER_ADDRESS: ['-1'],
    TRUSTED_PROXIES: ['yes'],
    SESSION_POLICY: ['newest'],
    MAX_DEVICES_PER_USER: ['0'],
    PRESENCE_DEBOUNCE_MS: ['-1'],
    NODE_LEASE_MS: ['299'],
    SWEEP_INTERVAL_MS: ['99'],
    SWEEP_MAX_PER_SECOND: ['0'],
    DRAIN_TIMEOUT_MS: ['-1'],
    PING_INTERVAL_MS: ['99'],
    PING_TIMEOUT_MS: ['99'],
    MAX_BUFFERED_BYTES: ['1023'],
    CORS_ORIGINS: [
      'app.test',
      'https://a.test,x',
      'https://a.test/path',
      'https://',
      'a b://c',
      'https://*.a.test/x',
    ],
    LOG_LEVEL: ['loud', 'INFO'],
  };

  it.each(Object.entries(wrong))('refuses a wrong %s by its name', (variable, values) => {
    for (const value of values) {
      const others: Record<string, string> = /^(AUTH_SECRET|JWT_(?!CLOCK))/.test(variable)
        ? { REDIS_URL }
        : least;
      expect(problemsOf({ ...others, [variable]: value })).toEqual([expect.stringMatching(`^${variable} `)]);
    }
  });

  it('tries every setting that can be wrong', () => {
    const free = ['HOST', 'DATA_DIR', 'NODE_NAME', 'JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_USER_CLAIM'];
    const variables = Object.values(SETTINGS).map(({ variable }) => variable);
    expect([...Object.keys(wrong), ...free].sort()).toEqual(variables.sort());
  });

  it('names every problem in one error, and repeats no value', () => {
    const environment = {
      PORT: 'hunter2',
      AUTH_SECRET: 'hunter2',
      REDIS_URL: 'redis//:hunter2@x',
      LOG_LEVEL: 'hunter2',
    };
    const problems = problemsOf(environment);
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'REDIS_URL',
      'AUTH_SECRET',
      'LOG_LEVEL',
    ]);
    const error = new ConfigError(problems);
    for (const problem of problems) expect(error.message).toContain(problem);
    expect(`${error.stack}`).not.toContain('hunter2');
  });

  it('repeats no value of any setting', () => {
    for (const variable of Object.keys(wrong)) {
      const value = 'hunter2 {é},';
      expect(problemsOf({ ...least, [variable]: value }).join()).not.toContain('hunter2');
    }
  });

  it.each([undefined, '', '  '])(
    'is for the embedded store where REDIS_URL is %j, with a secret of its own',
    (url) => {
      const secretIn = (dataDir: string): string => `the secret that is kept in ${dataDir}`;
      expect(readConfig({ REDIS_URL: url, DATA_DIR: '/there' }, secretIn)).toMatchObject({
        redisUrl: undefined,
        dataDir: '/there',
        tokenKey: { kind: 'own', secret: 'the secret that is kept in /there' },
        localAccounts: true,
      });
      const refuse = (): string => {
        throw new Error('a key is set: none must be made');
      };
      expect(readConfig({ ...least, REDIS_URL: url }, refuse).tokenKey).toEqual({
        kind: 'own',
        secret: SECRET,
      });
    },
  );

  it('in production has Redis, or says that it is embedded', () => {
    const production = { NODE_ENV: 'production', AUTH_SECRET: SECRET };
    const missing: unknown = expect.stringMatching(/^REDIS_URL is missing: set it, or STORE=embedded/);
    expect(problemsOf(production)).toEqual([missing]);
    expect(problemsOf({ ...production, REDIS_URI: REDIS_URL })).toEqual([
      missing,
      'REDIS_URI is no setting: is REDIS_URL meant?',
    ]);
    expect(problemsOf({ ...production, STORE: 'redis' })).toEqual(['REDIS_URL is missing: STORE is redis']);
    expect(readConfig({ ...production, STORE: 'embedded' })).toMatchObject({ redisUrl: undefined });
    expect(readConfig({ ...production, REDIS_URL })).toMatchObject({ redisUrl: REDIS_URL });
    expect(readConfig({ ...production, STORE: 'redis', REDIS_URL })).toMatchObject({ redisUrl: REDIS_URL });
  });

  it('says which store is meant, not both', () => {
    expect(problemsOf({ ...least, STORE: 'embedded' })).toEqual([
      'STORE is embedded, and REDIS_URL is set: only one can be meant',
    ]);
    expect(readConfig({ AUTH_SECRET: SECRET, NODE_ENV: 'test' })).toMatchObject({ redisUrl: undefined });
  });

  it('needs exactly one key', () => {
    expect(problemsOf({ REDIS_URL })).toEqual([expect.stringMatching('^a key is missing')]);
    expect(problemsOf({ REDIS_URL, AUTH_SECRET: ' ' })).toEqual([expect.stringMatching('^a key is missing')]);
    const keys = {
      AUTH_SECRET: SECRET,
      JWT_SECRET: SECRET,
      JWT_PUBLIC_KEY: ecPem,
      JWT_JWKS_URL: 'https://keys.test',
    };
    const names = Object.keys(keys) as (keyof typeof keys)[];
    for (const one of names) {
      expect(problemsOf({ REDIS_URL, [one]: keys[one] })).toEqual([]);
      for (const other of names.filter((name) => name !== one)) {
        const both = problemsOf({ REDIS_URL, [one]: keys[one], [other]: keys[other] });
        expect(both).toEqual([expect.stringMatching(new RegExp(`(?=.*${one})(?=.*${other}).*one key`))]);
      }
    }
  });

  it('says what kind of key it is', () => {
    expect(readConfig(outside).tokenKey).toEqual({ kind: 'shared-secret', secret: SECRET });
    expect(readConfig({ REDIS_URL, JWT_JWKS_URL: 'https://keys.test/a' }).tokenKey).toEqual({
      kind: 'jwks',
      url: 'https://keys.test/a',
    });
    for (const text of [ecPem, ecPem.trim().replaceAll('\n', '\\n')]) {
      expect(readConfig({ REDIS_URL, JWT_PUBLIC_KEY: text }).tokenKey).toMatchObject({ kind: 'public-key' });
    }
  });

  it('refuses a public key that is neither RSA nor EC', () => {
    const pem = pemOf(generateKeyPairSync('ed25519') as never);
    expect(problemsOf({ REDIS_URL, JWT_PUBLIC_KEY: pem })).toEqual([
      'JWT_PUBLIC_KEY must be an RSA or EC key',
    ]);
  });

  it('keeps accounts where our own key signs, unless they are off, and never with an outside issuer', () => {
    expect(readConfig(least).localAccounts).toBe(true);
    expect(readConfig({ ...least, LOCAL_ACCOUNTS: 'on' }).localAccounts).toBe(true);
    expect(readConfig({ ...least, LOCAL_ACCOUNTS: 'off' }).localAccounts).toBe(false);
    expect(readConfig(outside).localAccounts).toBe(false);
    expect(readConfig({ ...outside, LOCAL_ACCOUNTS: 'off' }).localAccounts).toBe(false);
    expect(problemsOf({ ...outside, LOCAL_ACCOUNTS: 'on' })).toEqual([
      expect.stringMatching('^LOCAL_ACCOUNTS needs'),
    ]);
  });

  it('refuses a buffer that the largest message would not go into', () => {
    const problem = (needed: number): string => `MAX_BUFFERED_BYTES must be at least ${needed}`;
    expect(problemsOf({ ...least, MAX_BUFFERED_BYTES: '18431' })).toEqual([
      expect.stringMatching(`^${problem(18_432)}.* MAX_BODY_BYTES at 16384$`),
    ]);
    expect(problemsOf({ ...least, MAX_BUFFERED_BYTES: '18432' })).toEqual([]);
    const large = { ...least, MAX_BODY_BYTES: '500000' };
    expect(problemsOf({ ...large, MAX_BUFFERED_BYTES: '500000' })).toEqual([
      expect.stringContaining(problem(502_048)),
    ]);
    expect(problemsOf({ ...least, MAX_BODY_BYTES: '1000', MAX_BUFFERED_BYTES: '4000' })).toEqual([]);
  });

  it('counts the bytes of a secret, not its characters', () => {
    expect(problemsOf({ REDIS_URL, AUTH_SECRET: 'é'.repeat(16) })).toEqual([]);
    expect(problemsOf({ REDIS_URL, AUTH_SECRET: 'é'.repeat(15) })).toHaveLength(1);
  });

  it('reads lists: channels as they are, origins in their one form', () => {
    const config = readConfig({
      ...least,
      CHANNELS: ' a , b-c,',
      CORS_ORIGINS: 'https://A.test:443/, http://b.test:81, capacitor://localhost, null, *',
    });
    expect(config.channels).toEqual(['a', 'b-c']);
    expect(config.corsOrigins).toEqual([
      'https://a.test',
      'http://b.test:81',
      'capacitor://localhost',
      'null',
      '*',
    ]);
  });

  it('refuses a pace at which not one user could be swept in time', () => {
    const [problem, ...others] = problemsOf({
      ...least,
      SWEEP_INTERVAL_MS: '100',
      SWEEP_MAX_PER_SECOND: '9',
    });
    expect(problem).toMatch(/SWEEP_MAX_PER_SECOND must be at least 10.*SWEEP_INTERVAL_MS/);
    expect(others).toEqual([]);
    expect(problemsOf({ ...least, SWEEP_INTERVAL_MS: '100', SWEEP_MAX_PER_SECOND: '10' })).toEqual([]);
  });
});

describe('doubts about a configuration', () => {
  const doubts = (environment: Record<string, string>): string[] =>
    doubtsAbout(readConfig({ ...least, ...environment }));

  it('are none about the defaults', () => {
    expect(doubts({})).toEqual([]);
  });

  it.each([
    [
      'a lease that one renewal without an answer loses',
      { NODE_LEASE_MS: '5999' },
      /NODE_LEASE_MS.*TIMEOUT_MS/,
    ],
    ['messages that expire before a sweep', { INBOX_TTL_MS: '5000' }, /INBOX_TTL_MS.*SWEEP_INTERVAL_MS/],
  ])('name %s', (_what, environment, words) => {
    expect(doubts(environment)).toEqual([expect.stringMatching(words)]);
  });

  it('are none about a lease where there is no Redis that could be silent', () => {
    expect(doubts({ REDIS_URL: '', NODE_LEASE_MS: '300' })).toEqual([]);
  });
});
