/**
 * The tests import the compiled modules, including internal ones. They and their threads must not load the bundles of
 * the same modules too, so they need `node -C unbundled`. Commands that they start are bundled.
 */
export default {
  roots: ['<rootDir>/test/dist'],
  testMatch: ['**/*.test.js'],
  testEnvironment: '<rootDir>/test/dist/fixtures/node-environment.js',
  testEnvironmentOptions: { customExportConditions: ['unbundled', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/test/dist/fixtures/libguestfs-backend.js',
  setupFiles: ['reflect-metadata'],
  transform: {},
  // By default jest leaves one processor idle: half of a machine with two.
  maxWorkers: '100%',
  // The modules of each suite stay in memory (jest 30.5); with --experimental-vm-modules they are never collected.
  workerIdleMemoryLimit: '1GB',
  coverageProvider: 'v8',
  // A test that takes longer hangs: no test depends on time, even on a busy machine, where the appliance of libguestfs
  // takes minutes to start. No test has a limit of its own.
  testTimeout: 900_000,
};
