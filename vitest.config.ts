import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Slow suites run apart: `npm run test:slow`.
    exclude: ['tests/slow/**', 'tests/dvc/**', 'tests/**/*.slow.test.ts', 'node_modules/**'],
    globalSetup: ['tests/e2e/build.ts'],
    pool: 'forks',
    // One world per process halves the CPU: ajv, Arrow and the like load once, not a hundred times. Tests put back what they replace.
    isolate: false,
    testTimeout: 60_000,
  },
});
