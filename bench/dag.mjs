// The same layered graph of trivial commands for us and for every peer, in each one's own idiom.
import { spawnSync } from 'node:child_process';
import { environment } from './meter.mjs';
import { fresh, write } from './program.mjs';

/**
 * `layers` layers of `width` stages. A stage of layer 0 reads its leaf; another reads its own column, the next one, and a third
 * among the first ten columns, away from CHANGED: so the stages that depend on that leaf are 1, 2, 3, ... per layer,
 * which for ten layers is 55.
 */
export function wiring(layers, width) {
  const stages = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let column = 0; column < width; column++) {
      const name = `s${layer}_${column}`;
      if (layer === 0) stages.push({ name, layer, leaf: column, needs: [] });
      else {
        const columns = [column, (column + 1) % width];
        for (let third = (column * 7) % 10; columns.length < 3; third = (third + 1) % 10)
          if (!columns.includes(third)) columns.push(third);
        stages.push({ name, layer, needs: columns.map((other) => `s${layer - 1}_${other}`) });
      }
    }
  }
  return stages;
}

/** The leaf that is changed: the ten columns that come to depend on it end here, so none is among the first ten. */
const CHANGED = 19;
export const DEPENDENT = 55;

const leafFiles = (width, salt) =>
  Object.fromEntries(Array.from({ length: width }, (_, column) => [`leaf/${column}.txt`, `${column} ${salt}\n`]));

/** New bytes for one leaf, or for all of them: never seen before, so no tool has them in a cache. */
export function touch(folder, width, salt, all) {
  const files = leafFiles(width, salt);
  const one = `leaf/${CHANGED}.txt`;
  write(folder, all ? files : { [one]: files[one] });
}

const PORTS = ['a', 'b', 'c'];
const sources = ({ leaf, needs }) => (needs.length > 0 ? needs.map((name) => `out/${name}`) : [`leaf/${leaf}.txt`]);
const command = (stage) => `cat ${sources(stage).join(' ')} > out/${stage.name}`;
const tops = (stages) => stages.filter(({ layer }) => layer === stages.at(-1).layer).map(({ name }) => name);

function ourDocument(stages) {
  const lines = ['pipeline: layers', 'stages:'];
  for (const { name, leaf, needs } of stages) {
    const wires = needs.length > 0 ? needs.map((other) => `${other}.x`) : [`./leaf/${leaf}.txt`];
    const ports = PORTS.slice(0, wires.length).map((port, i) => `${port}: ${wires[i]}`);
    // One short line each: ten thousand must stay below the size a document may have.
    lines.push(`  ${name}: {cmd: cat in/* >out/x, in: {${ports.join(', ')}}, out: {x: file}}`);
  }
  return `${lines.join('\n')}\n`;
}

function dvcDocument(stages) {
  const one = (stage) =>
    `  ${stage.name}:\n    cmd: ${command(stage)}\n    deps: [${sources(stage).join(', ')}]\n    outs: [out/${stage.name}]\n`;
  return `stages:\n${stages.map(one).join('')}`;
}

function wireitDocument(stages) {
  const wireit = Object.fromEntries(
    stages.map((stage) => [
      stage.name,
      {
        command: command(stage),
        dependencies: stage.needs,
        files: stage.needs.length > 0 ? [] : sources(stage),
        output: [`out/${stage.name}`],
      },
    ]),
  );
  const scripts = Object.fromEntries([...stages.map(({ name }) => [name, 'wireit']), ['all', 'wireit']]);
  return { name: 'layers', private: true, scripts, wireit: { ...wireit, all: { dependencies: tops(stages) } } };
}

/** A task's hash holds those of the tasks it depends on, so only leaves have files. */
function turboDocument(stages) {
  const tasks = stages.map((stage) => [
    stage.name,
    {
      dependsOn: stage.needs,
      inputs: stage.needs.length > 0 ? ['turbo.json'] : sources(stage),
      outputs: [`out/${stage.name}`],
    },
  ]);
  return { tasks: Object.fromEntries(tasks) };
}

const SNAKEFILE = (layers, width) => `LAYERS, WIDTH = ${layers}, ${width}

def above(w):
    layer, column = int(w.layer), int(w.column)
    columns = [column, (column + 1) % WIDTH]
    third = column * 7 % 10
    while len(columns) < 3:
        if third not in columns:
            columns.append(third)
        third = (third + 1) % 10
    return [f"out/s{layer - 1}_{c}" for c in columns]

rule all:
    input: expand("out/s{layer}_{column}", layer=LAYERS - 1, column=range(WIDTH))

rule leaf:
    input: "leaf/{column}.txt"
    output: "out/s0_{column}"
    shell: "cat {input} > {output}"

rule stage:
    input: above
    output: "out/s{layer,[1-9][0-9]*}_{column}"
    shell: "cat {input} > {output}"
`;

const ninjaDocument = (stages) =>
  `rule cat\n  command = cat $in > $out\n${stages.map((stage) => `build out/${stage.name}: cat ${sources(stage).join(' ')}\n`).join('')}`;

/** A rig per tool: its files, and how it is asked to bring everything up to date. `bin` finds the installed program. */
export const RIGS = {
  ours: {
    files: (stages) => ({ 'pipeline.yaml': ourDocument(stages) }),
  },
  ninja: {
    files: (stages) => ({ 'build.ninja': ninjaDocument(stages), 'out/.keep': '' }),
    command: (bin) => ({ cmd: [bin, '-j2', '--quiet'] }),
  },
  'plain sh': {
    files: (stages) => ({ 'all.sh': `${stages.map(command).join('\n')}\n`, 'out/.keep': '' }),
    command: () => ({ cmd: ['sh', 'all.sh'] }),
  },
  turbo: {
    files: (stages) => ({
      'package.json': JSON.stringify({
        name: 'layers',
        private: true,
        packageManager: 'npm@10.0.0',
        scripts: Object.fromEntries(stages.map((stage) => [stage.name, command(stage)])),
      }),
      'package-lock.json': JSON.stringify({ name: 'layers', lockfileVersion: 3, packages: { '': { name: 'layers' } } }),
      'turbo.json': JSON.stringify(turboDocument(stages)),
      '.gitignore': 'out\n.turbo\nnode_modules\n',
      'out/.keep': '',
    }),
    git: true,
    command: (bin, stages) => ({
      cmd: [bin, 'run', ...tops(stages), '--concurrency=2', '--output-logs=none', '--cache-dir=.turbo/cache'],
      env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', CI: '1', PATH: `${process.env.PATH}` },
    }),
  },
  wireit: {
    files: (stages) => ({ 'package.json': JSON.stringify(wireitDocument(stages)), 'out/.keep': '' }),
    // As `npm run all` would start it, without npm's own start.
    command: (bin) => ({
      cmd: [process.execPath, bin],
      env: {
        npm_lifecycle_event: 'all',
        npm_config_user_agent: 'npm/10.8.0 node/v20.0.0 linux x64',
        npm_package_json: 'package.json',
        WIREIT_PARALLEL: '2',
        WIREIT_LOGGER: 'quiet',
      },
    }),
  },
  snakemake: {
    files: (stages) => ({
      Snakefile: SNAKEFILE(stages.at(-1).layer + 1, stages.filter(({ layer }) => layer === 0).length),
    }),
    command: (bin) => ({ cmd: [bin, '--cores', '2', '--quiet', 'all', '--nocolor'] }),
  },
  dvc: {
    files: (stages) => ({ 'dvc.yaml': dvcDocument(stages), 'out/.keep': '' }),
    dvc: true,
    command: (bin) => ({ cmd: [bin, 'repro', '-q'], env: { DVC_NO_ANALYTICS: '1' } }),
  },
};

/** Lay a rig out in an empty folder. */
export function layRig(tool, stages, width, dvcBin) {
  const folder = fresh(`layers-${tool.replace(' ', '-')}-${stages.length}`);
  write(folder, { ...leafFiles(width, 'start'), ...RIGS[tool].files(stages) });
  const act = (cmd, ...args) => {
    const done = spawnSync(cmd, args, { cwd: folder, env: environment({ DVC_NO_ANALYTICS: '1' }), encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${cmd} ${args.join(' ')}: ${done.stderr}`);
  };
  if (RIGS[tool].git) {
    act('git', 'init', '-q');
    act('git', 'add', '-A');
    act('git', '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '-q', '-m', 'rig');
  }
  if (RIGS[tool].dvc) {
    act(dvcBin, 'init', '-q', '--no-scm');
    act(dvcBin, 'config', 'core.analytics', 'false');
  }
  return folder;
}

/** How many stages a run of ours with `--json` executed. */
export const ranStages = (stdout) => Number(/"ran":(\d+)/.exec(stdout)?.[1]);
