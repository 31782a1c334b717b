// Every Node major makes the same bytes: the goldens, the program built from its sources, and a market with all its parts.
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../lib/base/digest.ts';
import { closeRigs, OWN, openPackage, type Rig } from '../proof/rig.ts';

const MAJORS = [20, 22, 24];

interface Node {
  readonly program: string;
  /** As in v24.21.0. */
  readonly version: string;
}

/** By major: the programs named by NODES, and the one that runs this. */
const nodes = new Map(
  [process.execPath, ...(process.env.NODES ?? '').split(delimiter).filter((name) => name !== '')].map((program) => {
    const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
    return [Number.parseInt(version.slice(1), 10), { program, version }] as const;
  }),
);
const missing = MAJORS.filter((major) => !nodes.has(major));
/** In CI a missing Node is a failure, elsewhere the tests are skipped and their title says why. */
const skip = missing.length > 0 && !process.env.CI;
const title = skip
  ? `SKIPPED, no Node ${missing.join(', ')}: set NODES=/path/to/node${delimiter}/path/to/another`
  : 'by Node 20, 22 and 24';

function nodeOf(major: number): Node {
  const node = nodes.get(major);
  if (node === undefined) throw new Error(`no Node ${major}: NODES names none`);
  return node;
}

/** Files whose tests of bits run under every Node; the other laws hold of the same bits. */
const GOLDENS = [
  'tests/laws/bytes.test.ts',
  'tests/market/bridges.test.ts',
  'tests/market/generate.test.ts',
  'tests/market/legacy.test.ts',
  'tests/math/arrays.test.ts',
  'tests/math/draw.test.ts',
  'tests/math/elementary.test.ts',
  'tests/math/kernel.test.ts',
  'tests/math/laws.test.ts',
  'tests/math/pcg64.test.ts',
  'tests/math/stream.test.ts',
  'tests/table/parquet.test.ts',
];
const OF_BITS = 'bit|twin|words|bytes are|change of bytes|for ever';

/** A file of tests in the JSON report of vitest. */
interface Reported {
  readonly name: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

/** Regimes, GARCH, jumps, events, factors and a Student copula in half-hours of New York, with quotes and order flow; a name without prices. */
const MARKET = [
  'tickers=[AAPL, SPX, OIL]',
  'assets.OIL={ class: energy, mu: 0.03, sigma: 0.4, start_price: 60 }',
  'start_date=2020-03-02',
  'end_date=2020-06-30',
  'calendar=XNYS',
  'frequency=30min',
  'generation.price_model=hybrid',
  'generation.volatility_model=garch',
  'generation.market_condition=mixed',
  'generation.regimes.enabled=true',
  'generation.events={ flash_crash: { rate: 20 }, gap_risk: { dates: ["2020-04-01"] } }',
  'generation.correlation.mode=factor',
  'generation.correlation.copula={ family: student, df: 4 }',
  'generation.correlation.factor.volatility={ alpha: 0.08, gamma: 0, beta: 0.9 }',
  'generation.overnight.share=null',
  'microstructure.enabled=true',
  'microstructure.flow.self=0.4',
].flatMap((setting) => ['--set', setting]);

const PROGRAM = ['main.cjs', 'worker.cjs', 'pipeline.cjs', 'kernels.json'].map((name) => `dist/${name}`);

/** Name -> digest of each file below a folder of the project. */
function digests(rig: Rig, names: readonly string[]): Record<string, string> {
  const files = names.flatMap((name) =>
    statSync(rig.path(name)).isFile()
      ? [name]
      : readdirSync(rig.path(name), { recursive: true, encoding: 'utf8' })
          .map((below) => `${name}/${below}`)
          .filter((path) => statSync(rig.path(path)).isFile()),
  );
  return Object.fromEntries(files.sort().map((path) => [path, sha256(rig.bytes(path))]));
}

afterAll(closeRigs);

describe.skipIf(skip)(title, () => {
  test.each(MAJORS)('bits and bytes are the golden ones, made by kernels or by their twins: Node %i', async (major) => {
    const vitest = join(OWN, 'node_modules/vitest/vitest.mjs');
    // Not our own environment: a vitest within vitest takes itself for a worker.
    const { stdout } = await promisify(execFile)(
      nodeOf(major).program,
      [vitest, 'run', ...GOLDENS, '-t', OF_BITS, '--reporter=json'],
      { cwd: OWN, env: { PATH: process.env.PATH, HOME: process.env.HOME }, maxBuffer: 2 ** 26 },
    ).catch((error: { stdout: string }) => {
      // Failed tests are told below.
      if (error.stdout.startsWith('{')) return error;
      throw error;
    });
    const { testResults } = JSON.parse(stdout) as { testResults: readonly Reported[] };
    const outcomes = (status: string) =>
      testResults.map(({ name, assertionResults }) => ({
        file: relative(OWN, name).replaceAll('\\', '/'),
        tests: assertionResults.filter((one) => one.status === status).map(({ fullName }) => fullName),
      }));
    expect(outcomes('failed').filter(({ tests }) => tests.length > 0)).toEqual([]);
    const shown = outcomes('passed').filter(({ tests }) => tests.length > 0);
    expect(shown.map(({ file }) => file).sort()).toEqual(GOLDENS);
  });

  test('the program built from its sources is the same, and so is the dataset it makes, byte for byte', async () => {
    const made = [];
    for (const { program, version } of MAJORS.map(nodeOf)) {
      const rig = openPackage();
      await promisify(execFile)(program, ['scripts/build.mjs'], { cwd: rig.root });
      const run = await rig.cli(['run', ...MARKET], { own: rig.root, node: program });
      expect(run.code, run.err).toBe(0);
      const dataset = `data/synthetic/${run.out.trim()}`;
      // It was this Node that made it, not another that was found.
      expect(rig.read(`${dataset}.dvc`)).toContain(`node: ${version}\n`);
      made.push(digests(rig, [...PROGRAM, 'data/stages', dataset]));
    }
    const [first, ...others] = made;
    const parts = [
      'latent/events.parquet',
      'latent/regimes.parquet',
      'latent/OIL/jumps.parquet',
      'microstructure/OIL.parquet',
    ];
    for (const part of parts) expect(Object.keys(first!).filter((name) => name.endsWith(part))).not.toEqual([]);
    expect(others).toEqual([first, first]);
  });
});
