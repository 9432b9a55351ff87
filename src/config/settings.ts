import { hostname } from 'node:os';
import * as read from './readers';

/**
 * Every setting of a node: its environment variable, how its text is read, its default, and what it means.
 * This is the one place that documents them; the README's table is checked against it by a test.
 */
export const SETTINGS = {
  port: setting('PORT', read.port, '3000', 'Port of REST and Socket.IO; 0 takes a free one.'),
  host: setting('HOST', read.text, '0.0.0.0', 'Address to listen on.'),
  adminPort: setting(
    'ADMIN_PORT',
    read.integerUpTo(1, 65_535),
    undefined,
    'A port for operators: `/metrics`, `/admin`, `/docs` and the reason in `/readyz` are there and no longer on `PORT`. Where unset, they are on `PORT`.',
  ),
  store: setting(
    'STORE',
    read.store,
    undefined,
    '`redis` or `embedded`: one node, on this disk. Where unset, it is Redis where `REDIS_URL` is set, else embedded; with `NODE_ENV=production` one of the two must be set.',
  ),
  redisUrl: setting(
    'REDIS_URL',
    read.redisUrl,
    undefined,
    'Where Redis is: `redis://` or `rediss://`, with user, password and database where needed. One host of a Redis Cluster is enough, several may be named, comma-separated.',
  ),
  startTimeoutMs: setting(
    'START_TIMEOUT_MS',
    read.integer(0),
    '60000',
    'How long a node that starts waits for its store before it gives up and ends.',
  ),
  redisKeyPrefix: setting(
    'REDIS_KEY_PREFIX',
    read.keyPrefix,
    'beeline:',
    'Put before every key and pub/sub channel; no braces. Clusters of Beeline that share one Redis need one each.',
  ),
  redisCommandTimeoutMs: setting(
    'REDIS_COMMAND_TIMEOUT_MS',
    read.integer(10),
    '2000',
    'A command that has no answer after this is given up: `unavailable`.',
  ),
  redisWaitReplicas: setting(
    'REDIS_WAIT_REPLICAS',
    read.integer(0),
    '0',
    'Replicas that must have a message before its send is acknowledged; with fewer at hand sends are `unavailable`.',
  ),
  dataDir: setting(
    'DATA_DIR',
    read.text,
    './data',
    'Where the embedded store keeps everything, and the secret it makes where no key is set. One process at a time.',
  ),
  nodeName: setting(
    'NODE_NAME',
    read.text,
    hostname(),
    'What people call this node: in its log lines and at the front of its node id. On Kubernetes the pod.',
  ),
  authSecret: setting(
    'AUTH_SECRET',
    read.secret,
    undefined,
    'Our own key (HS256), at least 32 bytes, the same on every node. Signs the tokens of local accounts and of `npm run token`.',
  ),
  jwtSecret: setting(
    'JWT_SECRET',
    read.secret,
    undefined,
    "An outside issuer's shared secret (HS256), at least 32 bytes.",
  ),
  jwtPublicKey: setting(
    'JWT_PUBLIC_KEY',
    read.publicKey,
    undefined,
    "An outside issuer's public key as PEM (RSA or EC); `\\n` stands for a line break. The key decides the algorithm.",
  ),
  jwtJwksUrl: setting(
    'JWT_JWKS_URL',
    read.httpUrl,
    undefined,
    "Where an outside issuer publishes its keys (RSA or EC); looked up by the token's `kid`. The set is fetched as a whole when it is a minute old or a key is unknown, at most every 3 s, and counts for nothing after 10 minutes.",
  ),
  jwtIssuer: setting(
    'JWT_ISSUER',
    read.text,
    undefined,
    'The `iss` that a token must have; not looked at where unset.',
  ),
  jwtAudience: setting(
    'JWT_AUDIENCE',
    read.text,
    undefined,
    'The `aud` that a token must name; not looked at where unset.',
  ),
  jwtUserClaim: setting('JWT_USER_CLAIM', read.text, 'sub', 'The claim that names the user.'),
  jwtClockToleranceMs: setting(
    'JWT_CLOCK_TOLERANCE_MS',
    read.integer(0),
    '5000',
    "How far `nbf` and `iat` of a token may be ahead of the store's clock.",
  ),
  localAccounts: setting(
    'LOCAL_ACCOUNTS',
    read.flag,
    undefined,
    'Whether users can register and log in here: `on` or `off`. On where our own key signs; refused with an outside issuer.',
  ),
  registration: setting(
    'REGISTRATION',
    read.registration,
    'open',
    'Who may register: `open` for everybody, `invite` with `invite`, a token with the scope `register`, `off` for nobody.',
  ),
  registrationsPerHour: setting(
    'REGISTRATIONS_PER_HOUR',
    read.integer(1),
    '100',
    'Accounts that may be made per hour from one address, or with one invitation; as many at once. Over it: `rate_limited`.',
  ),
  reservedNames: setting(
    'RESERVED_NAMES',
    read.names,
    'admin,system,support,root',
    'Names that nobody can register, and none that looks like them; comma-separated.',
  ),
  accessTokenTtlMs: setting(
    'ACCESS_TOKEN_TTL_MS',
    read.integer(1000),
    '900000',
    'How long an access token of ours is good.',
  ),
  refreshTokenTtlMs: setting(
    'REFRESH_TOKEN_TTL_MS',
    read.integer(1000),
    '2592000000',
    'How long a login lasts without being refreshed.',
  ),
  channels: setting(
    'CHANNELS',
    read.channels,
    'chat,notification',
    'The channels, comma-separated; each user has an inbox per channel. The first is the one meant where a message names none.',
  ),
  inboxMaxLength: setting(
    'INBOX_MAX_LENGTH',
    read.integer(1),
    '10000',
    'Messages that an inbox keeps; the oldest go first.',
  ),
  inboxMaxBytes: setting(
    'INBOX_MAX_BYTES',
    read.integer(1024),
    '4194304',
    'Bytes of message JSON that an inbox keeps; the oldest go first, the newest always stays.',
  ),
  inboxTtlMs: setting(
    'INBOX_TTL_MS',
    read.integer(1000),
    '2592000000',
    'How long a message is kept at least, while the two limits above allow it. Cursors are kept twice as long, and for five sweeps at least.',
  ),
  dedupeWindowMs: setting(
    'DEDUPE_WINDOW_MS',
    read.integer(1000),
    '600000',
    'For how long a repeated `clientId` is recognised and stored only once.',
  ),
  maxBodyBytes: setting(
    'MAX_BODY_BYTES',
    read.integerUpTo(1, 524_288),
    '16384',
    'A message body as JSON; more is `too_large`. At most 512 KiB: a frame of 1 MB cuts the connection.',
  ),
  sendRatePerSecond: setting(
    'SEND_RATE_PER_SECOND',
    read.integer(1),
    '20',
    'Messages per second that a user may send, over REST and every connection together; twice as many at once. Over it: `rate_limited`.',
  ),
  backendSendRatePerSecond: setting(
    'BACKEND_SEND_RATE_PER_SECOND',
    read.integer(1),
    '2000',
    'The same for a token with the scope `send:any`, which another backend has.',
  ),
  sendBytesPerDay: setting(
    'SEND_BYTES_PER_DAY',
    read.integer(1024),
    '134217728',
    'Bytes of message bodies that a user may send in a day, and as many at once; not for the scope `send:any`. Over it: `rate_limited`.',
  ),
  newReceiversPerHour: setting(
    'NEW_RECEIVERS_PER_HOUR',
    read.integer(1),
    '200',
    'First messages per hour to receivers that a user has not written to before; not for the scope `send:any`. Over it: `rate_limited`.',
  ),
  maxConnectionsPerAddress: setting(
    'MAX_CONNECTIONS_PER_ADDRESS',
    read.integer(0),
    '0',
    'Connections that one address may have on a node; 0 for no limit, which is right where all clients come from the address of a load balancer.',
  ),
  trustedProxies: setting(
    'TRUSTED_PROXIES',
    read.integer(0),
    '0',
    "How many proxies stand in front of the node and tell the client's address in `X-Forwarded-For`; with 0 that header counts for nothing.",
  ),
  sessionPolicy: setting(
    'SESSION_POLICY',
    read.sessionPolicy,
    'multiple',
    'What a further device of a user does: `multiple` allows it, `replace` ends the older ones, `reject` refuses it (`session_conflict`). The same device again always replaces itself.',
  ),
  maxDevicesPerUser: setting(
    'MAX_DEVICES_PER_USER',
    read.integer(1),
    '10',
    'Devices of one user that may be connected at the same time under `multiple`; the next one replaces the oldest.',
  ),
  presenceDebounceMs: setting(
    'PRESENCE_DEBOUNCE_MS',
    read.integer(0),
    '3000',
    'How long watchers are not told that a user has gone or has a device less: who is back by then has never been away.',
  ),
  nodeLeaseMs: setting(
    'NODE_LEASE_MS',
    read.integer(300),
    '10000',
    'A node that has not renewed its lease for this long is dead; renewed at a third of it.',
  ),
  sweepIntervalMs: setting(
    'SWEEP_INTERVAL_MS',
    read.integer(100),
    '30000',
    'Each connected user is compared with the store this often: the longest that a lost push delays a message.',
  ),
  sweepMaxPerSecond: setting(
    'SWEEP_MAX_PER_SECOND',
    read.integer(1),
    '2000',
    'Users that a node sweeps per second at most. With more users than this times the sweep interval a round takes longer, which is said in the log: a lost push is found later, presence stays true.',
  ),
  drainTimeoutMs: setting(
    'DRAIN_TIMEOUT_MS',
    read.integer(0),
    '20000',
    'SIGTERM to exit, at most. Half of it at most is spent on spreading the closing of connections.',
  ),
  pingIntervalMs: setting(
    'PING_INTERVAL_MS',
    read.integer(100),
    '25000',
    'How often a connection is asked whether it lives.',
  ),
  pingTimeoutMs: setting('PING_TIMEOUT_MS', read.integer(100), '20000', 'How long it may take to answer.'),
  maxBufferedBytes: setting(
    'MAX_BUFFERED_BYTES',
    read.integer(1024),
    '1048576',
    'Bytes that wait for one slow connection; past it the rest stays in the inbox until it reads again.',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    read.origins,
    '',
    'Origins of web pages and apps that may connect besides pages of our own host, comma-separated, as browsers send them: `https://app.example.com`, `capacitor://localhost`, `tauri://localhost`, `null`; or `*`.',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    read.logLevel,
    'info',
    '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
  ),
} as const;

/** A setting as text in the environment and as a value in the program. */
export interface Setting<T> {
  readonly variable: string;
  readonly read: (text: string) => T;
  /** As it would be written in the environment. */
  readonly fallback: string | undefined;
  readonly meaning: string;
}

type Read = typeof SETTINGS;
export type Settings = {
  readonly [K in keyof Read]: Read[K] extends Setting<infer T> & { fallback: string }
    ? T
    : Read[K] extends Setting<infer T>
      ? T | undefined
      : never;
};

function setting<T, F extends string | undefined>(
  variable: string,
  reader: (text: string) => T,
  fallback: F,
  meaning: string,
): Setting<T> & { fallback: F } {
  return { variable, read: reader, fallback, meaning };
}
