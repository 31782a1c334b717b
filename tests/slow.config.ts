// Tests that need the real dvc program or minutes of time: npm run test:slow.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { kernels } from './kernels.ts';

/** Tests that take only a share of their runs and seeds in the gate. */
const shortened = readdirSync('tests', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('tests', name))
  .filter((name) => readFileSync(name, 'utf8').includes('/thorough.ts'));

export default defineConfig({
  plugins: [kernels],
  test: {
    globalSetup: ['tests/e2e/build.ts'],
    setupFiles: ['tests/equality.ts'],
    include: ['tests/dvc/**/*.test.ts', 'tests/slow/**/*.test.ts', 'tests/**/*.slow.test.ts', ...shortened],
    env: { THOROUGH: 'true' },
    pool: 'forks',
    // Two at a time at most: each test starts many processes.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
