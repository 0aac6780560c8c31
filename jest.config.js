/** Jest runs the compiled files as they are: the tests use the very files that are published. */
export default {
  roots: ['<rootDir>/test/dist'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/dist/fixtures/libguestfs-backend.js',
  setupFiles: ['reflect-metadata'],
  transform: {},
  coverageProvider: 'v8',
  // Outside tools take their time on a busy machine.
  testTimeout: 60_000,
};
