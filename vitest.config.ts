import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Slow suites run apart: `npm run test:slow`.
    exclude: ['tests/slow/**', 'tests/dvc/**', 'tests/**/*.slow.test.ts', 'node_modules/**'],
    globalSetup: ['tests/e2e/build.ts'],
    pool: 'forks',
    testTimeout: 60_000,
  },
});
