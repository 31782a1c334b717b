import { describe, expect, test } from 'vitest';
import type { Md5 } from '../../lib/base/digest.ts';
import type { LockStage } from '../../lib/dvc/pipeline-file.ts';
import { type Facts, lockStage, mergeLock, PARAMS_FILE, paramsValue, pipelineStages } from '../../lib/dvc/translate.ts';
import type { InputSpec, Spec, StageSpec, Wire } from '../../lib/engine/spec.ts';

const id = (char: string) => char.repeat(32) as Md5;
const input = (...wires: Wire[]): InputSpec => ({
  kind: 'tree',
  shape: 'any',
  many: wires.length > 1,
  slice: false,
  wires: Object.fromEntries(wires.map((wire, i) => [String(i), wire])),
});
const stage = (name: string, more: Partial<StageSpec> = {}): StageSpec => ({
  name,
  desc: '',
  code: { kind: 'module', entry: `${name}.ts` },
  inputs: {},
  outputs: { out: { kind: 'tree' } },
  params: [],
  uses: [],
  selects: {},
  map: null,
  retries: 0,
  timeoutMs: null,
  ...more,
});
const facts: Facts = {
  command: (name) => `npx pipeline run ${name}`,
  place: (name, port, kind) => `data/stages/${name}/${port}${kind === 'json' ? '.json' : ''}`,
  code: ({ name }) => [{ path: `${name}.ts`, md5: id('c'), size: 3 }],
  besides: () => null,
  judges: new Set(),
  seed: 7,
  generatorVersion: 'v1',
  run: { datasetId: 'syn_1', configHash: 'h', gitSha: 'g' },
};
const spec = (...stages: StageSpec[]): Spec => ({ pipeline: 'p', stages, dataset: null });

const make = stage('make', {
  inputs: { a: input({ kind: 'source', name: 'raw' }, { kind: 'file', path: 'notes/x.txt' }) },
  params: [{ name: 'rate', shown: 'rate', value: 0.5 }],
  uses: ['seed'],
});
const use = stage('use', {
  inputs: { a: input({ kind: 'stage', stage: 'make', port: 'out' }, { kind: 'run' }) },
  outputs: { report: { kind: 'json' } },
});

describe('a stage of dvc.yaml', () => {
  test('depends on sources, files, outputs above and reachable code, each once', () => {
    const [first, second] = pipelineStages(spec(make, use), facts);
    expect(first?.deps).toEqual(['data/sources/raw', 'notes/x.txt', 'make.ts']);
    expect(second?.deps).toEqual(['data/stages/make/out', 'use.ts']);
  });

  test('names the resolved values it takes, the facts of the run only when wired to them', () => {
    const [first, second] = pipelineStages(spec(make, use), facts);
    expect(first?.params[PARAMS_FILE]).toEqual(['stages.make.seed', 'stages.make.rate']);
    expect(second?.params[PARAMS_FILE]).toEqual(['run.dataset_id', 'run.config_hash', 'run.git_sha']);
    expect(pipelineStages(spec(stage('bare')), facts)[0]?.params).toEqual({});
  });

  test('shows json of a stage that gives a verdict as metrics', () => {
    const judged = pipelineStages(spec(make, use), { ...facts, judges: new Set(['use']) })[1];
    expect(judged?.metrics).toEqual([{ path: 'data/stages/use/report.json' }]);
    expect(judged?.outs).toEqual([]);
  });
});

describe('the resolved values', () => {
  test('hold every key path that a stage names, with the value its lock has', () => {
    const besides = ({ name }: StageSpec) => [`package@${name}`];
    const all = { ...facts, besides };
    const mapped = stage('shards', { map: { elements: ['A', 'B'], as: 'ticker' }, uses: ['generator_version'] });
    const whole = spec(make, use, mapped);
    const value = paramsValue(whole, all);
    for (const one of whole.stages) {
      const locked = lockStage(whole, one, all, { given: new Map(), made: new Map() }).params[PARAMS_FILE] ?? {};
      for (const [path, expected] of Object.entries(locked)) {
        const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
        expect(found, path).toEqual(expected);
      }
    }
    expect(value).toMatchObject({ stages: { shards: { ticker: ['A', 'B'], generator_version: 'v1' } } });
  });

  test('have no inner key that DVC forgets: such a value is one text', () => {
    const value = { deep: [{ size: 3 }], nfiles: 1 };
    const odd = stage('odd', {
      params: [
        { name: 'size', shown: 'size', value: 1 },
        { name: 'map', shown: 'm', value },
      ],
    });
    expect(paramsValue(spec(odd), facts)).toEqual({ stages: { odd: { size: 1, map: JSON.stringify(value) } } });
  });
});

describe('dvc.lock', () => {
  const found = {
    given: new Map([
      ['source:raw', { md5: `${id('a')}.dir` as Md5, size: 5, nfiles: 2 }],
      ['./notes/x.txt', { md5: id('b'), size: 1 }],
    ]),
    made: new Map([['make', { out: { md5: `${id('d')}.dir` as Md5, size: 9, nfiles: 3 } }]]),
  };

  test('an entry says with which bytes the stage ran and what it gave', () => {
    expect(lockStage(spec(make, use), make, facts, found)).toEqual({
      name: 'make',
      cmd: 'npx pipeline run make',
      deps: [
        { path: 'data/sources/raw', md5: `${id('a')}.dir`, size: 5, nfiles: 2 },
        { path: 'notes/x.txt', md5: id('b'), size: 1 },
        { path: 'make.ts', md5: id('c'), size: 3 },
      ],
      params: { [PARAMS_FILE]: { 'stages.make.seed': 7, 'stages.make.rate': 0.5 } },
      outs: [{ path: 'data/stages/make/out', md5: `${id('d')}.dir`, size: 9, nfiles: 3 }],
    });
  });

  test('what was not run now keeps its entry, what left the pipeline loses it', () => {
    const entry = (name: string, cmd: string): LockStage => ({ name, cmd, deps: [], params: {}, outs: [] });
    const before = [entry('use', 'old'), entry('gone', 'old'), entry('make', 'old')];
    expect(mergeLock(spec(make, use), before, [entry('make', 'new')])).toEqual([
      entry('make', 'new'),
      entry('use', 'old'),
    ]);
  });
});
