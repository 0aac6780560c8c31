/**
 * The tests import the compiled modules, inner ones too, so they and their threads must not have the bundles of the same
 * modules beside them: `node -C unbundled`. The commands that they start are the bundled ones.
 */
export default {
  roots: ['<rootDir>/test/dist'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['unbundled', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/test/dist/fixtures/libguestfs-backend.js',
  setupFiles: ['reflect-metadata'],
  transform: {},
  coverageProvider: 'v8',
  // After this a test has hung: no test waits for a time, however busy the machine is.
  testTimeout: 300_000,
};
