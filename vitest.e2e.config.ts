import { defineConfig } from 'vitest/config';

/** The scaler beside the real KEDA, HPA and scheduler. One file is one cluster; its scenarios run side by side. */
export default defineConfig({
  test: {
    include: ['test/kubernetes/**/*.e2e.ts'],
    fileParallelism: false,
    // Enough to fill the waiting with work, few enough for two cores.
    maxConcurrency: 6,
    testTimeout: 600_000,
    // Building what is not in the cache yet takes long.
    hookTimeout: 3_000_000,
    pool: 'forks',
    globalSetup: ['test/support/built-cli.ts'],
    disableConsoleIntercept: true,
    reporters: ['verbose'],
  },
});
