// Builds the program once before any test starts it; the launcher itself sees whether that is needed.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export function setup(): void {
  if (!existsSync('dist/pipeline.cjs')) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  execFileSync(process.execPath, ['dist/pipeline.cjs', '--help'], { stdio: 'ignore' });
}
