import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/slow/**', 'tests/dvc/**', 'node_modules/**'],
    globalSetup: ['tests/e2e/build.ts'],
    pool: 'forks',
    testTimeout: 60_000,
  },
});
