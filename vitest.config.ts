import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: './test/build.ts',
    include: ['test/**/*.test.{ts,tsx}'],
    // Interop and crash tests start real programs; a unit test that needs this long is a bug of its own.
    // In CI a test that waits for real programs on a busy machine gets a second try; a fault of ours fails twice.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
