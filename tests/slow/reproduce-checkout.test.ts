// A dataset of an older commit is made again by the code of that commit, in a worktree that is gone afterwards.
import { execFileSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { closeRigs, openPackage } from '../proof/rig.ts';

afterAll(closeRigs);

test('a dataset of an older commit is refused by the code that is here, and reproduced with --checkout', async () => {
  const rig = openPackage();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: rig.root,
      encoding: 'utf8',
    });
  rig.write('.gitignore', '/node_modules\n/dist\n/.pipeline\n/logs\n');
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'then');
  const head = git('rev-parse', 'HEAD').trim();
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: rig.root });
  const own = rig.root;

  const run = await rig.cli(['run', '--profile', 'legacy'], { own });
  expect(run.code, run.err).toBe(0);
  expect(run.out).toBe('syn_685360ffc97f\n');
  rig.edit('stages/market/publish.ts', '// Publish:', '// Later: publish:');
  git('commit', '-qam', 'later');

  const refused = await rig.cli(['reproduce', 'syn_685360ffc97f', '--json'], { own });
  expect(refused.code).toBe(4);
  expect(refused.problems).toMatchObject([
    { code: 'reproduce/other-code', facts: { differs: 'stages/market/publish.ts', commit: head } },
  ]);
  const done = await rig.cli(['reproduce', 'syn_685360ffc97f', '--checkout'], { own });
  expect(done.code, done.err).toBe(0);
  expect(done.out).toContain(`is reproduced by commit ${head}`);
  expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);

  const elsewhere = await rig.cli(['reproduce', 'syn_685360ffc97f', '--checkout', '--json'], {
    own,
    env: { PATH: '/nowhere' },
  });
  expect(elsewhere.problems).toMatchObject([{ code: 'git/failed', hint: expect.stringContaining('git program') }]);
});
