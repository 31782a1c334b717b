// Laws of a run, with work that is only pretended: order, retries, failure, memory, and that a receipt comes last or not at all.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import type { RunEvent } from '../../lib/engine/event.ts';
import type { Executor, WorkItem } from '../../lib/engine/executor.ts';
import type { Project } from '../../lib/engine/project.ts';
import { type RunOptions, type RunResult, runStages } from '../../lib/engine/run.ts';
import { Folder, removeProjects } from './folder.ts';

// Pauses are a hundredth of what they say.
beforeEach(() => {
  const wait = setTimeout;
  vi.stubGlobal('setTimeout', (act: () => void, ms: number) => wait(act, ms / 100));
});
afterEach(() => {
  vi.unstubAllGlobals();
  removeProjects();
});

/** b and c need a, d needs both; e stands alone. */
const PIPELINE = `pipeline: p
stages:
  a: {cmd: a, out: {o: file}}
  b: {cmd: b, in: {i: a.o}, out: {o: file}}
  c: {cmd: c, in: {i: a.o}, out: {o: file}}
  d: {cmd: d, in: {x: b.o, y: c.o}, out: {o: file}}
  e: {cmd: e, out: {o: file}}
`;
const NEEDS: Readonly<Record<string, readonly string[]>> = { a: [], b: ['a'], c: ['a'], d: ['b', 'c'], e: [] };

/** What a stage gives: a text, or a text and a verdict; it may throw. */
type Act = (item: WorkItem) => string | { text: string; passed: boolean } | Promise<string>;

class World {
  readonly folder: Folder;
  /** Stages in the order they were started, over all runs. */
  readonly started: string[] = [];
  readonly events: RunEvent[] = [];
  #files = 0;

  constructor(pipeline = PIPELINE) {
    this.folder = new Folder({ 'pipeline.yaml': pipeline });
  }

  async run(acts: Readonly<Record<string, Act>> = {}, change: Partial<RunOptions> = {}): Promise<RunResult> {
    const project = this.folder.open();
    const loaded = await this.folder.load(project);
    this.events.length = 0;
    return runStages(
      project,
      loaded,
      this.#executor(project, acts),
      {
        run: 'r',
        stages: new Set(loaded.spec.stages.map(({ name }) => name)),
        force: false,
        keepGoing: false,
        provenance: () => Promise.resolve({ head: null, dirty: null }),
        codeDir: project.paths.code,
        at: '2026-01-01T00:00:00.000Z',
        shuffle: null,
        signal: new AbortController().signal,
        ...change,
      },
      (event) => this.events.push(event),
    );
  }

  #executor(project: Project, acts: Readonly<Record<string, Act>>): Executor {
    return {
      submit: async (item, onEvent) => {
        this.started.push(item.stage);
        onEvent({ type: 'started' });
        const given = await (acts[item.stage] ?? (() => `of ${item.stage}`))(item);
        const { text, passed } = typeof given === 'string' ? { text: given, passed: null } : given;
        const temp = join(project.store.tmp, `made-${this.#files++}`);
        writeFileSync(temp, text);
        const made = { relpath: '', size: text.length, md5: md5(text), temp };
        return { outputs: { o: [made] }, verdict: passed === null ? null : { passed, summary: 'said' } };
      },
      close: () => Promise.resolve(),
    };
  }

  /** Stages that a run started. */
  async starts(...run: Parameters<World['run']>): Promise<string[]> {
    const before = this.started.length;
    await this.run(...run);
    return this.started.slice(before);
  }

  of<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  }

  out(stage: string): string {
    return this.folder.path(`data/stages/${stage}/o`);
  }
}

const failing =
  (code: 'stage/failed' | 'stage/bad-output' = 'stage/failed') =>
  () => {
    throw new ProblemError({ code, message: 'planted' });
  };
const keysOf = ({ done }: RunResult) =>
  Object.fromEntries([...done].map(([name, { units }]) => [name, units.map(({ key }) => key)]).sort());

test('whatever the order of ready stages, each starts after what it needs and gives the same keys', async () => {
  const plain = keysOf(await new World().run());
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), async (picks) => {
      const world = new World();
      const left = [...picks];
      const result = await world.run({}, { shuffle: (n) => (left.pop() ?? 0) % n });
      expect(keysOf(result)).toEqual(plain);
      expect([...world.started].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
      for (const [i, name] of world.started.entries())
        expect(world.started.slice(0, i)).toEqual(expect.arrayContaining([...NEEDS[name]!]));
    }),
    { numRuns: 6 },
  );
});

test('a receipt is there when the stages below start, its outputs before it, and none is there for work under way', async () => {
  const world = new World();
  const project = world.folder.open();
  const seen: Record<string, boolean> = {};
  const look: Act = ({ stage, key }) => {
    const all = [...project.receipts.all()];
    expect(all.map((receipt) => receipt.key)).not.toContain(key);
    for (const name of NEEDS[stage]!) expect(all.map((receipt) => receipt.stage)).toContain(name);
    for (const { outputs } of all) expect(project.store.missing(outputs.o!)).toEqual([]);
    seen[stage] = true;
    return stage;
  };
  await world.run(Object.fromEntries(Object.keys(NEEDS).map((name) => [name, look])));
  expect(Object.keys(seen).sort()).toEqual(Object.keys(NEEDS));
});

describe('a second run', () => {
  test('starts nothing and says the same, from memory or from receipts alone', async () => {
    const world = new World();
    const first = await world.run();
    expect(first).toMatchObject({ ran: 5, cached: 0, restored: 0, failed: [], skipped: [], interrupted: false });
    for (const forget of [false, true]) {
      if (forget) rmSync(world.folder.path('.pipeline/last.json'));
      const again = await world.run();
      expect(again).toMatchObject({ ran: 0, cached: 5, restored: 0 });
      expect(keysOf(again)).toEqual(keysOf(first));
      const same = [...again.done.values()].flatMap(({ units }) => units.map((unit) => unit.same));
      expect(new Set(same)).toEqual(new Set([!forget]));
    }
    expect(world.started).toHaveLength(5);
  });

  test('puts back what is gone from the workspace, and runs nothing for it', async () => {
    const world = new World();
    await world.run();
    rmSync(world.out('b'));
    expect(await world.run()).toMatchObject({ ran: 0, restored: 1 });
    expect(readFileSync(world.out('b'), 'utf8')).toBe('of b');
    expect(world.of('output-restored')).toEqual([
      { type: 'output-restored', stage: 'b', port: 'o', path: 'data/stages/b/o', files: 1 },
    ]);
  });

  test('stops where a changed stage gives the bytes it gave before', async () => {
    const world = new World();
    await world.run();
    world.folder.edit('pipeline.yaml', 'cmd: a,', 'cmd: a again,');
    expect(await world.starts()).toEqual(['a']);
    expect(world.of('unit-finished').map(({ changed }) => changed)).toEqual([false]);
    expect(await world.starts({ a: () => 'other' })).toEqual([]);
    world.folder.edit('pipeline.yaml', 'cmd: a again,', 'cmd: a new,');
    expect(await world.starts({ a: () => 'other' })).toEqual(['a', 'b', 'c']);
    expect(world.of('unit-finished').map(({ stage, changed }) => [stage, changed])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });

  test('of some stages leaves the memory of the others', async () => {
    const world = new World();
    await world.run();
    await world.run({}, { stages: new Set(['e']) });
    expect(await world.run()).toMatchObject({ ran: 0, cached: 5, before: 'r' });
    expect((await world.run()).units).toHaveProperty('d');
  });
});

describe('a stage that fails', () => {
  test('leaves no receipt, and everything below is skipped once, because of it', async () => {
    const world = new World();
    const result = await world.run({ a: failing() }, { keepGoing: true });
    expect(result.failed.map(({ stage, problems }) => [stage, problems[0]?.message])).toEqual([['a', 'planted']]);
    expect([...result.skipped].sort()).toEqual(['b', 'c', 'd']);
    expect(
      world
        .of('stage-skipped')
        .map(({ stage, because }) => `${stage} by ${because}`)
        .sort(),
    ).toEqual(['b by a', 'c by a', 'd by a']);
    expect([...result.done.keys()]).toEqual(['e']);
    expect([...world.folder.open().receipts.all()]).toHaveLength(1);
    // Told of the unit, and so not of the stage again.
    expect([world.of('unit-failed').length, world.of('stage-failed').length]).toEqual([1, 0]);
  });

  test('in many shards by one problem tells it once, and who has it', async () => {
    const world = new World('pipeline: p\nstages:\n  a: {map: {over: [x, y, z], as: n}, cmd: a, out: {o: tree}}\n');
    const refusing: Act = ({ element }) => {
      const message = element === 'z' ? 'another' : `${element}: too low`;
      throw new ProblemError({ code: 'model/refused', message });
    };
    const { failed } = await world.run({ a: refusing });
    expect(world.of('unit-failed').map(({ element, alike }) => [element, alike])).toEqual([
      ['x', false],
      ['y', true],
      ['z', false],
    ]);
    expect(world.of('shards-failed').map(({ problem, elements }) => [problem.message, elements])).toEqual([
      ['x: too low', ['x', 'y']],
    ]);
    expect(world.of('stage-failed')).toEqual([]);
    expect(failed[0]?.problems.map(({ message, facts }) => [message, facts?.shards])).toEqual([
      ['x: too low', 'x, y'],
      ['another', undefined],
    ]);
  });

  test('lets nothing new start, and what has started is kept', async () => {
    const world = new World(PIPELINE.replace('  e:', '  z:'));
    let free = () => {};
    const held = new Promise<string>((resolve) => {
      free = () => resolve('late');
    });
    const run = world.run({
      z: () => held,
      a: () => {
        setTimeout(() => free(), 1);
        throw new ProblemError({ code: 'stage/failed', message: 'planted' });
      },
    });
    const result = await run;
    expect(result.failed.map(({ stage }) => stage)).toEqual(['a']);
    expect([...result.done.keys()]).toEqual(['z']);
    expect([...result.skipped].sort()).toEqual(['b', 'c', 'd']);
    expect(await world.starts()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is tried again as often as it says, with growing pauses, and only for what may pass', async () => {
    const patient = PIPELINE.replace('{cmd: e,', '{cmd: e, retries: 2,');
    const world = new World(patient);
    let left = 2;
    const result = await world.run({ e: () => (left-- > 0 ? failing()() : 'at last') });
    expect(result).toMatchObject({ ran: 5, failed: [] });
    expect(world.of('unit-failed').map(({ retryInMs }) => retryInMs)).toEqual([500, 1000]);
    expect(readFileSync(world.out('e'), 'utf8')).toBe('at last');

    const never = new World(patient);
    expect((await never.starts({ e: failing() }, { keepGoing: true })).filter((name) => name === 'e')).toHaveLength(3);
    expect(never.of('unit-failed').map(({ retryInMs }) => retryInMs)).toEqual([500, 1000, null]);

    const wrong = new World(patient);
    expect((await wrong.starts({ e: failing('stage/bad-output') })).filter((name) => name === 'e')).toHaveLength(1);
  });

  test('of our own making ends the run, and what was finished is remembered', async () => {
    const world = new World();
    const bug = () => {
      throw new TypeError('a bug');
    };
    await expect(world.run({ d: bug })).rejects.toThrow('a bug');
    expect((await world.starts()).sort()).toEqual(['d']);
  });
});

describe('a stage that says no', () => {
  const no: Act = () => ({ text: 'bad', passed: false });

  test('keeps its outputs, fails, and nothing below runs; found in the store it says no again', async () => {
    const world = new World();
    for (const started of [['a', 'e', 'b', 'c'], []]) {
      expect((await world.starts({ b: no }, { keepGoing: true })).sort()).toEqual([...started].sort());
      expect(readFileSync(world.out('b'), 'utf8')).toBe('bad');
      expect(
        world.of('stage-failed').map(({ stage, problems }) => [stage, problems[0]?.code, problems[0]?.facts]),
      ).toEqual([['b', 'verdict/failed', { see: 'data/stages/b/o' }]]);
      expect(world.of('unit-verdict')).toMatchObject([{ stage: 'b', passed: false, summary: 'said' }]);
      expect(world.of('stage-skipped').map(({ stage }) => stage)).toEqual(['d']);
    }
  });

  test('yes changes nothing for the stages below', async () => {
    const world = new World();
    const result = await world.run({ b: () => ({ text: 'good', passed: true }) });
    expect(result.done.get('b')?.verdict).toEqual({ passed: true, summary: 'said' });
    expect([...result.done.keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('a run that is stopped', () => {
  test('before it began starts nothing', async () => {
    const world = new World();
    const result = await world.run({}, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ran: 0, interrupted: true, failed: [] });
    expect([...result.skipped].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(world.started).toEqual([]);
  });

  test('on the way keeps what was finished, and the next one goes on from there', async () => {
    const world = new World();
    const stop = new AbortController();
    const acts: Record<string, Act> = {
      a: () => {
        stop.abort();
        return 'a';
      },
    };
    const result = await world.run(acts, { signal: stop.signal });
    expect(result.interrupted).toBe(true);
    expect(result.done.has('a')).toBe(true);
    expect(result.done.has('b')).toBe(false);
    expect(await world.starts({ a: () => 'never' })).not.toContain('a');
    expect(readFileSync(world.out('a'), 'utf8')).toBe('a');
  });

  test('while it waits to try again tries no more', async () => {
    const world = new World(PIPELINE.replace('{cmd: e,', '{cmd: e, retries: 5,'));
    const stop = new AbortController();
    const tries: number[] = [];
    const result = await world.run(
      {
        e: () => {
          tries.push(1);
          setTimeout(() => stop.abort(), 100);
          return failing()();
        },
      },
      { signal: stop.signal, stages: new Set(['e']) },
    );
    expect(tries).toHaveLength(1);
    expect(result.failed.map(({ problems }) => problems[0]?.code)).toEqual(['interrupted']);
  });
});

describe('a key that is made again', () => {
  test('with the same bytes runs everything and changes nothing', async () => {
    const world = new World();
    await world.run();
    const again = await world.run({}, { force: true });
    expect(again).toMatchObject({ ran: 5, cached: 0, failed: [] });
    expect(world.of('unit-started').flatMap(({ reasons }) => reasons.map(({ kind }) => kind))).toEqual(
      Array(5).fill('forced'),
    );
  });

  test('with other bytes fails with both kept, and the receipt goes on saying what it said', async () => {
    const world = new World();
    await world.run();
    const result = await world.run({ e: () => 'other bytes' }, { force: true, keepGoing: true });
    const [problem] = result.failed[0]!.problems;
    expect(problem).toMatchObject({ code: 'stage/nondeterministic', facts: { output: 'o', row: 1 } });
    expect(existsSync(world.folder.path(String(problem!.facts!.evidence)))).toBe(true);
    const store = world.folder.open().store;
    expect([store.has(md5('of e')), store.has(md5('other bytes'))]).toEqual([true, true]);
    await world.run();
    expect(readFileSync(world.out('e'), 'utf8')).toBe('of e');
  });
});
