// Tests that need the real dvc program or minutes of time: npm run test:slow.
import { defineConfig } from 'vitest/config';
import { kernels } from './kernels.ts';

export default defineConfig({
  plugins: [kernels],
  test: {
    globalSetup: ['tests/e2e/build.ts'],
    include: ['tests/dvc/**/*.test.ts', 'tests/slow/**/*.test.ts', 'tests/**/*.slow.test.ts'],
    pool: 'forks',
    // Two at a time at most: each test starts many processes.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    passWithNoTests: true,
  },
});
