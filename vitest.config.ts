import { defineConfig } from 'vitest/config';
import { kernels } from './tests/kernels.ts';

export default defineConfig({
  plugins: [kernels],
  test: {
    include: ['tests/**/*.test.ts'],
    // Slow suites run apart: `npm run test:slow`.
    exclude: ['tests/slow/**', 'tests/dvc/**', 'tests/**/*.slow.test.ts', 'node_modules/**'],
    globalSetup: ['tests/e2e/build.ts'],
    setupFiles: ['tests/equality.ts'],
    pool: 'forks',
    // Every core: most of the time is spent in programs that tests start.
    maxWorkers: '100%',
    // One world per process halves the CPU: ajv, Arrow and the like load once, not a hundred times. Tests put back what they replace.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
