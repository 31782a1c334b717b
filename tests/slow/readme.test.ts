// The README's tour, executed as it stands there in a fresh copy of this checkout: what it shows is what happens.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const own = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(own, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'marketloom-readme-'));

interface Step {
  readonly command: string;
  readonly shown: readonly string[];
}

/** Commands and the lines shown under each, in the order of the page. */
function stepsOf(text: string): Step[] {
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] as string);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = '', ...shown] = step.trimEnd().split('\n');
        return { command, shown };
      }),
  );
}

/** A shown line as a pattern: `…` stands for anything. */
function pattern(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +'));
  return new RegExp(`^${parts.join('.*')}$`, 'm');
}

beforeAll(() => {
  execFileSync('git', ['clone', '--quiet', own, folder]);
  symlinkSync(join(own, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: folder });
  execFileSync(process.execPath, ['dist/pipeline.cjs', 'run'], { cwd: folder, stdio: 'ignore' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const { command, shown } of stepsOf(readme)) {
  test(`[S1-140] \`${command}\` shows what the README shows`, () => {
    const args = command.replace(/^npx pipeline /, '').split(' ');
    const done = spawnSync(process.execPath, ['dist/pipeline.cjs', ...args], { cwd: folder, encoding: 'utf8' });
    expect(done.status, done.stderr).toBe(0);
    const said = `${done.stderr}${done.stdout}`;
    for (const line of shown.filter((text) => text !== '…')) expect(said).toMatch(pattern(line));
  });
}

test('the README has a tour', () => {
  expect(stepsOf(readme).length).toBeGreaterThan(6);
});
