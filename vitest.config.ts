import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    globalSetup: ['test/support/built-cli.ts'],
    setupFiles: ['test/support/repeatable.ts'],
    // Many files wait for processes and timers more than they compute.
    maxWorkers: 2,
  },
});
