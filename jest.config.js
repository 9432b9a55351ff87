/**
 * Nest 12 ships ES modules only and Jest on Node 20 runs CommonJS, so those packages are transformed along
 * with our own sources. `test/smoke` runs the real build, where Node's own require(esm) is used.
 */
const esmPackages = ['@nestjs', 'jose', 'p-limit', 'yocto-queue'].join('|');

const swc = (parser, extra = {}) => [
  '@swc/jest',
  {
    swcrc: false,
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser, ...extra },
    module: { type: 'commonjs' },
  },
];

const shared = {
  testEnvironment: 'node',
  rootDir: __dirname,
  setupFiles: ['reflect-metadata'],
  transform: {
    '^.+\\.ts$': swc(
      { syntax: 'typescript', decorators: true },
      {
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
      },
    ),
    [`/node_modules/(${esmPackages})/.+\\.js$`]: swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages})/)`],
};

const system = {
  ...shared,
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

module.exports = {
  coverageProvider: 'v8',
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/house/**/*.spec.ts'],
    },
    {
      ...system,
      displayName: 'system',
      setupFiles: [...shared.setupFiles, '<rootDir>/test/support/use-single-redis.ts'],
      testMatch: ['<rootDir>/test/{contract,integration,e2e,browser,smoke,fuzz}/**/*.spec.ts'],
    },
    {
      ...system,
      displayName: 'cluster',
      setupFiles: [...shared.setupFiles, '<rootDir>/test/support/use-redis-cluster.ts'],
      testMatch: ['<rootDir>/test/{contract,e2e}/**/*.spec.ts'],
      testPathIgnorePatterns: ['/test/e2e/(examples|documents)'],
    },
    // Manifests and what runs the image: no cluster, but kubectl is needed (scripts/test.mjs sees to it).
    { ...shared, displayName: 'k8s', testMatch: ['<rootDir>/test/k8s/**/*.spec.ts'] },
    { ...shared, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.spec.ts'] },
    { ...shared, displayName: 'rollout', testMatch: ['<rootDir>/test/rollout/**/*.spec.ts'] },
  ],
};
