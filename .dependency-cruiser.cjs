/**
 * Dependencies point one way. Each module may use what stands before it in this list, by its index only, and
 * nothing that stands after it.
 */
const LAYERS = [
  ['shared'],
  ['config'],
  ['logging', 'metrics', 'policy'],
  ['start'],
  ['redis', 'embedded'],
  ['limits'],
  ['node', 'auth', 'hub'],
  ['blocks'],
  ['presence', 'inbox'],
  ['routing'],
  ['chat'],
  ['gateway', 'health', 'rest'],
  ['admin'],
];

const above = LAYERS.flatMap((layer, i) =>
  layer.map((name) => ({
    name: `${name}-looks-down-only`,
    comment: `src/${name} may use only modules of lower layers`,
    severity: 'error',
    from: { path: `^src/${name}/` },
    to: {
      path: `^src/(${[...layer.filter((other) => other !== name), ...LAYERS.slice(i + 1).flat()].join('|')})/|^src/[^/]+\\.ts$`,
    },
  })),
).filter((rule) => !rule.to.path.startsWith('^src/()/'));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      // Types of libraries that have none of their own are imported by nobody.
      from: { orphan: true, path: '^src/', pathNot: '\\.(spec|d)\\.ts$' },
      to: {},
    },
    ...above,
    {
      name: 'through-the-index-only',
      comment: 'what a module shows to others stands in its index.ts',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: '^src/$1/|^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'app-through-the-index-only',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: '^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'ioredis-in-adapters-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/redis/|/adapters/' },
      to: { path: 'node_modules/ioredis/' },
    },
    {
      name: 'redis-for-adapters-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/redis/|/adapters/|^src/app\\.module\\.ts$' },
      to: { path: '^src/redis/' },
    },
    {
      name: 'classic-level-in-embedded-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/embedded/' },
      to: { path: 'node_modules/classic-level/' },
    },
    {
      name: 'embedded-for-adapters-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/embedded/|/adapters/|^src/app\\.module\\.ts$' },
      to: { path: '^src/embedded/' },
    },
    {
      name: 'socket-io-in-the-gateway-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/gateway/' },
      to: { path: 'node_modules/(socket\\.io|@nestjs/websockets|@nestjs/platform-socket\\.io)/' },
    },
    {
      name: 'pure-domain',
      comment: 'state machines know no clock, timer, socket or client',
      severity: 'error',
      from: {
        path: '^src/(hub/feed|node/liveness|node/heartbeat|routing/sweep-plan|inbox/ack-merger|presence/watched-user|limits/(token-bucket|settled-bucket|bucket-level|recent-keys))\\.ts$',
      },
      to: { path: 'node_modules|^node:', pathNot: '^src/shared/' },
    },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.spec\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
