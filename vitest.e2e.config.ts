import { defineConfig } from 'vitest/config';

/**
 * The scaler beside the real KEDA, HPA and scheduler. One file is one cluster; its scenarios run side by side.
 * `--mode short` runs the few that say most in the least time.
 */
export default defineConfig(({ mode }) => ({
  test: {
    include: [`test/kubernetes/${mode === 'short' ? 'short' : 'keda-*'}.e2e.ts`],
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
}));
