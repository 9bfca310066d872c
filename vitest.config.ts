import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: './test/build.ts',
    include: ['test/**/*.test.{ts,tsx}'],
    // Interop and crash tests start real programs; a unit test that needs this long is a bug of its own.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
