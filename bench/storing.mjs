// Figure "storing": large bytes into the store and many files out of it, beside the plain tools that do no more than that.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { filesProject } from './files.mjs';
import { compare, measure, row } from './meter.mjs';
import { cache, fresh, ours, own, write } from './program.mjs';

export const title = 'Storing and restoring';

/** Random bytes, so that nothing on the way can be clever about zeros. */
function bigFile(mib) {
  const path = join(cache, `bytes-${mib}`);
  if (fs.existsSync(path) && fs.statSync(path).size === mib * 2 ** 20) return path;
  fs.mkdirSync(cache, { recursive: true });
  execFileSync('sh', ['-c', `head -c ${mib * 2 ** 20} /dev/urandom > ${path}`]);
  return path;
}

/**
 * Wait until a virtual machine has given back to its host what was just freed (free page reporting, after 2 s). Memory that is still the
 * guest's costs a writer a third to a quarter, and who has it would depend on what ran before.
 */
function rest() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
}

/** Two commands in turn, as one measurement. */
function both(a, b) {
  return { ...b, cpuMs: a.cpuMs + b.cpuMs, wallMs: a.wallMs + b.wallMs };
}

export function storing({ quick, log }) {
  const mib = quick ? 128 : 1024;
  const big = bigFile(mib);
  const folder = fresh('storing');
  write(folder, {
    'main.ts': `import { copyHashing } from ${JSON.stringify(join(own, 'lib/store/files.ts'))};
process.stdout.write(copyHashing(process.argv[2]!, process.argv[3]!)!.md5);
`,
  });
  const main = join(folder, 'main.cjs');
  buildSync({ entryPoints: [join(folder, 'main.ts')], outfile: main, bundle: true, platform: 'node', format: 'cjs' });
  const temp = join(folder, 'temp');
  const emptied = (act) => () => {
    fs.rmSync(temp, { recursive: true, force: true });
    fs.mkdirSync(temp);
    rest();
    return act();
  };
  const stage = (round) => {
    const project = fresh('storing-stage');
    rest();
    const cmd = `cp ${big} out/big # ${round}`;
    write(project, {
      'pipeline.yaml': `pipeline: big\nstages:\n  big:\n    cmd: '${cmd}'\n    out: { big: file }\n`,
      '.dvc/config': '[cache]\n    type = hardlink\n',
    });
    return ours(project, 'run');
  };
  const count = quick ? 2000 : 10_000;
  const many = filesProject('restoring', count, '[cache]\n    type = hardlink\n');
  const place = join(many, 'data/stages/files/many');
  const link = join(many, 'linked');
  const cases = [
    { name: 'store', run: emptied(() => measure({ cmd: [process.execPath, main, big, temp] })) },
    {
      name: 'tools',
      run: emptied(() => both(measure({ cmd: ['md5sum', big] }), measure({ cmd: ['cp', big, join(temp, 'copy')] }))),
    },
    { name: 'stage', run: stage },
    {
      name: 'restore',
      run: () => {
        fs.rmSync(place, { recursive: true });
        return ours(many, 'run');
      },
    },
    {
      name: 'link',
      run: () => {
        fs.rmSync(link, { recursive: true, force: true });
        return measure({ cmd: ['cp', '-al', place, link] });
      },
    },
  ];
  const seen = compare(cases, { rounds: quick ? 3 : 5, log });
  const size = mib === 1024 ? '1 GiB' : `${mib} MiB`;
  const tools = { name: '`md5sum` + `cp`', samples: seen.tools };
  const links = { name: '`cp -al`', samples: seen.link };
  return {
    rows: [
      row(`${size} hashed while it is written`, seen.store, { goal: { max: 1.1 }, against: tools }),
      row(`${size} as the output of a command stage that copies it, whole \`pipeline run\``, seen.stage, {
        goal: { max: 1.1 },
        against: tools,
      }),
      row(`\`pipeline run\` that restores ${count.toLocaleString('en')} files by hard link`, seen.restore, {
        goal: { max: 1.2 },
        against: links,
      }),
      row('peer: `md5sum` + `cp`', seen.tools),
      row('peer: `cp -al`', seen.link),
    ],
  };
}
