// Figure "files": one output of 20,000 small files, ours and DVC's.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { compare, environment, measure, row } from './meter.mjs';
import { withPeer } from './peers.mjs';
import { fresh, ours, write } from './program.mjs';

export const title = 'One output of 20,000 small files';

/** A project whose one stage makes a folder of files; `config` goes to .dvc/config. */
export function filesProject(name, count, config = '') {
  const folder = fresh(name);
  const cmd = `i=0; while [ $i -lt ${count} ]; do echo "row $i" > out/many/$i.txt; i=$((i+1)); done`;
  write(folder, {
    'pipeline.yaml': `pipeline: files\nstages:\n  files:\n    cmd: ${cmd}\n    out: { many: tree }\n`,
    '.dvc/config': config,
  });
  ours(folder, 'run');
  return folder;
}

const REMOTE = '[core]\n    remote = far\n    analytics = false\n[\'remote "far"\']\n    url = ../../remote\n';

export function files({ quick, log }) {
  const count = quick ? 2000 : 20_000;
  const mine = filesProject('files', count, REMOTE);
  const many = join(mine, 'data/stages/files/many');
  ours(mine, 'push');
  ours(mine, 'run');
  const aside = fresh('files-aside');
  let n = 0;
  // Moved away, not deleted: for seconds after a deletion ext4 searches around each freed inode, 500 us for every new file.
  const restore = (place, act) => () => {
    fs.renameSync(place, join(aside, String(n++)));
    return act();
  };
  const cases = [
    { name: 'run', run: () => ours(mine, 'run') },
    { name: 'status', run: () => ours(mine, 'status') },
    { name: 'push', run: () => ours(mine, 'push') },
    { name: 'restore', run: restore(many, () => ours(mine, 'run')) },
    // After restoring, the memory of the last run is written anew.
    { name: 'settle', run: () => ours(mine, 'run') },
    { name: 'copy', run: (round) => measure({ cmd: ['cp', '-r', many, join(aside, `copy-${round}`)] }) },
  ];
  const peer = withPeer('dvc', log, (bin) => {
    const theirs = fresh('files-dvc');
    fs.cpSync(many, join(theirs, 'many'), { recursive: true });
    const act = (cmd, ...args) => {
      const done = spawnSync(cmd, args, { cwd: theirs, env: environment({ DVC_NO_ANALYTICS: '1' }), encoding: 'utf8' });
      if (done.status !== 0) throw new Error(`${cmd} ${args.join(' ')}: ${done.stderr}`);
    };
    act('git', 'init', '-q');
    act(bin, 'init', '-q');
    write(theirs, { '.dvc/config': REMOTE });
    act(bin, 'add', '-q', 'many');
    act(bin, 'push', '-q');
    const ask = (...args) => measure({ cmd: [bin, ...args, '-q'], cwd: theirs, env: { DVC_NO_ANALYTICS: '1' } });
    for (const name of ['status', 'push', 'checkout'])
      cases.push({ name: `dvc ${name}`, run: () => ask(name), rounds: 3 });
    cases.push({ name: 'dvc restore', run: restore(join(theirs, 'many'), () => ask('checkout')), rounds: 2 });
    return {};
  });
  // What a push finds to be so it may remember once nothing it looked at is young.
  ours(mine, 'push');
  const seen = compare(cases, { rounds: quick ? 2 : 5, log });
  const rows = [];
  const versus = (what, name, other, goal) =>
    rows.push(
      peer.skipped
        ? row(what, seen[name])
        : row(what, seen[name], { goal, against: { name: `\`dvc ${other}\``, samples: seen[`dvc ${other}`] } }),
    );
  versus('`pipeline run`, unchanged', 'run', 'status', { max: 0.1 });
  versus('`pipeline status`, unchanged', 'status', 'status', { max: 0.1 });
  versus('`pipeline push`, nothing new', 'push', 'push', { max: 0.1 });
  versus('`pipeline run`, unchanged', 'run', 'checkout', { max: 0.1 });
  if (!peer.skipped)
    rows.push(
      row('`pipeline run` that restores the whole output by copying', seen.restore, {
        against: { name: '`dvc checkout` of it', samples: seen['dvc restore'] },
      }),
    );
  rows.push(
    row('`pipeline run` that restores the whole output by copying', seen.restore, {
      against: { name: '`cp -r` of it', samples: seen.copy },
    }),
  );
  const shown = {
    run: '`pipeline run`, unchanged',
    status: '`pipeline status`, unchanged',
    push: '`pipeline push`, nothing new',
    restore: '`pipeline run` that restores the whole output by copying',
    copy: 'peer: `cp -r`',
    'dvc status': 'peer: `dvc status`',
    'dvc push': 'peer: `dvc push`, nothing new',
    'dvc checkout': 'peer: `dvc checkout`, unchanged',
    'dvc restore': 'peer: `dvc checkout` of the whole output',
  };
  for (const [name, what] of Object.entries(shown)) if (seen[name]) rows.push(row(what, seen[name]));
  return { rows, skipped: peer.skipped ? [peer.skipped] : [] };
}
