// Figure "layers": a thousand trivial commands in ten layers, ours and the peers'.

import { DEPENDENT, layRig, RIGS, ranStages, touch, wiring } from './dag.mjs';
import { compare, measure, row } from './meter.mjs';
import { withPeer } from './peers.mjs';
import { ours } from './program.mjs';

export const title = 'A layered graph of small commands';

const LAYERS = 10;
let salt = 0;

/** The three cases of one tool: nothing to do, one leaf changed, every leaf changed. */
function casesOf(tool, ask, folder, width, rounds) {
  const act = (all) => () => {
    touch(folder, width, `${tool} ${salt++}`, all);
    return ask();
  };
  return [
    { name: `${tool} nothing`, run: ask, rounds },
    { name: `${tool} one`, run: act(false), rounds },
    { name: `${tool} all`, run: act(true), rounds },
  ];
}

function ourCases(width, rounds) {
  const stages = wiring(LAYERS, width);
  const folder = layRig('ours', stages, width);
  ours(folder, 'run');
  touch(folder, width, 'check', false);
  const ran = ranStages(ours(folder, 'run', '--json').stdout);
  if (ran !== DEPENDENT) throw new Error(`${ran} stages ran, not ${DEPENDENT}`);
  ours(folder, 'run');
  const cases = casesOf('ours', () => ours(folder, 'run'), folder, width, rounds);
  const elsewise = ['run', ...stages.filter(({ layer }) => layer === LAYERS - 1).map(({ name }) => name)];
  return [
    cases[0],
    { name: 'ours jobs', run: () => ours(folder, 'run', '--jobs', '2'), rounds },
    { name: 'ours plan', run: () => replan(folder, elsewise), rounds },
    ...cases.slice(1),
  ];
}

/** Asked otherwise than last time: every unit is planned, none runs. Leaves the project as `run` left it. */
function replan(folder, args) {
  const found = ours(folder, ...args);
  ours(folder, 'run');
  return found;
}

/** Slow peers are measured once, the slowest on fewer stages. */
const SLOW = { turbo: 100, wireit: 100, snakemake: 100, dvc: 20 };

function peerCases(tool, bin, width, rounds) {
  const stages = wiring(LAYERS, width);
  const folder = layRig(tool, stages, width, tool === 'dvc' ? bin : undefined);
  const ask = () => measure({ cwd: folder, timeoutS: 1800, ...RIGS[tool].command(bin, stages) });
  ask();
  return casesOf(tool, ask, folder, width, rounds);
}

const GOALS = { nothing: { max: 1.5 }, one: { max: 4 }, all: { max: 40 } };
const told = (tool, stages, kind) => `peer: ${tool}, ${stages} stages, ${SAID[kind]}`;
const SAID = { nothing: 'nothing to do', one: 'one leaf changed, 55 stages run', all: 'every leaf changed, all run' };

export function layers({ quick, log }) {
  const rows = [];
  const skipped = [];
  const cases = ourCases(100, quick ? 2 : 7);
  const plain = quick ? [] : ['plain sh', 'ninja'];
  for (const tool of plain) {
    const made = withPeer(tool, log, (bin) => peerCases(tool, bin, 100, 7));
    if (made.skipped) skipped.push(made.skipped);
    else cases.push(...(tool === 'plain sh' ? made.filter(({ name }) => name.endsWith('all')) : made));
  }
  const seen = compare(cases, { rounds: quick ? 2 : 7, log });
  for (const [kind, goal] of Object.entries(GOALS))
    rows.push(row(`1,000 stages, ${SAID[kind]}`, seen[`ours ${kind}`], { goal }));
  rows.push(row('1,000 stages, nothing to do, asked for other jobs than last time', seen['ours jobs']));
  rows.push(row('1,000 stages, nothing to do, asked otherwise than last time', seen['ours plan']));
  if (seen['plain sh all']) {
    const floor = { name: 'the same commands in one `sh`', samples: seen['plain sh all'] };
    rows.push(
      row('1,000 stages, all run', seen['ours all'], { against: floor }),
      row('the same less the cost of the commands themselves', beyond(seen['ours all'], floor.samples, 1)),
      row('55 of 1,000 run, less the cost of 55 commands', beyond(seen['ours one'], floor.samples, DEPENDENT / 1000)),
    );
    rows.push(row('peer: `sh`, the 1,000 commands one after the other', seen['plain sh all']));
  }
  if (seen['ninja all'])
    for (const kind of Object.keys(GOALS)) rows.push(row(told('ninja', '1,000', kind), seen[`ninja ${kind}`]));
  return { rows, skipped };
}

/** What is left of a cost when a share of another, measured in the same round, is taken away. */
function beyond(samples, less, share) {
  return samples.map((one, i) => ({
    ...one,
    cpuMs: one.cpuMs - share * less[i].cpuMs,
    ratio: one.ratio - share * less[i].ratio,
  }));
}

export const peersTitle = 'The same graph in other tools, each asked once';

export function peers({ quick, log }) {
  const rows = [];
  const skipped = [];
  for (const [tool, most] of Object.entries(SLOW)) {
    const size = quick ? 20 : most;
    const made = withPeer(tool, log, (bin) => ({ seen: compare(peerCases(tool, bin, size, 1), { rounds: 1, log }) }));
    if (made.skipped) skipped.push(made.skipped);
    else
      for (const kind of Object.keys(GOALS))
        rows.push(row(told(tool, (size * LAYERS).toLocaleString('en'), kind), made.seen[`${tool} ${kind}`]));
  }
  return { rows, skipped };
}

export const manyTitle = 'Ten thousand stages';

export function many({ quick, log }) {
  const width = 1000;
  const folder = layRig('ours', wiring(LAYERS, width), width);
  ours(folder, 'run');
  const cases = casesOf('ours', () => ours(folder, 'run'), folder, width, quick ? 1 : 5).slice(0, 2);
  const seen = compare(cases, { rounds: quick ? 1 : 5, log });
  return {
    rows: [
      row('10,000 stages, nothing to do', seen['ours nothing'], { goal: { max: 5 } }),
      row('10,000 stages, one leaf changed, 55 stages run', seen['ours one']),
    ],
  };
}
