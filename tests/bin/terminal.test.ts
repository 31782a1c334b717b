import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Out, presenter, type Screen, wantsColour } from '../../bin/terminal.ts';
import type { Problem } from '../../lib/base/problem.ts';
import type { RunEvent } from '../../lib/engine/event.ts';
import { Emulator } from './emulator.ts';

const unit = (element: string | null) => ({ stage: 'generate', element, key: 'k' });
const STAGES = ['calibrate', 'generate', 'publish'];
const started: RunEvent = { type: 'run-started', run: 'r1', pipeline: 'market', stages: STAGES, jobs: 2 };
const finished = (more: Partial<Extract<RunEvent, { type: 'run-finished' }>>): RunEvent => ({
  type: 'run-finished',
  run: 'r1',
  ok: true,
  interrupted: false,
  datasetId: 'syn_0123456789ab',
  datasetPath: 'data/synthetic/syn_0123456789ab',
  ran: 0,
  cached: 0,
  failed: 0,
  skipped: 0,
  restored: 0,
  durationMs: 1234,
  log: 'logs/runs/r1.jsonl',
  ...more,
});
const cachedStages: RunEvent[] = STAGES.flatMap((stage) => [
  { type: 'stage-ready', stage, shards: 1, hits: 1 },
  { type: 'unit-hit', stage, element: null, key: 'k' },
  { type: 'stage-finished', stage },
]);
const failure: Extract<RunEvent, { type: 'unit-failed' }> = {
  type: 'unit-failed',
  ...unit('AAPL'),
  retryInMs: null,
  alike: false,
  problems: [
    {
      code: 'stage/undeclared-input',
      message: 'the stage read a file',
      place: { file: 'stages/x.ts', line: 2, column: 3, length: 4 },
      facts: { path: 'a.csv' },
      hint: 'wire it',
    },
    { code: 'stage/failed', message: 'boom' },
  ],
};

class Pipe implements Out {
  text = '';
  write(text: string): void {
    this.text += text;
  }
}

let nowMs = 0;
const screenWith = (stderr: Out, env: Screen['env'] = {}): Screen & { stdout: Pipe } => ({
  stdout: new Pipe(),
  stderr,
  env,
  nowMs: () => nowMs,
  readText: (file) => (file === 'stages/x.ts' ? 'one\n  read(x)\n' : null),
});

beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('in a pipe', () => {
  const play = (events: readonly RunEvent[]) => {
    const screen = screenWith(new Pipe());
    const { listen } = presenter(screen, { json: false });
    for (const event of events) listen(event);
    return { out: screen.stdout.text, err: (screen.stderr as Pipe).text };
  };

  test('stdout is the dataset_id and nothing else', () => {
    expect(play([started, ...cachedStages, finished({ cached: 3 })]).out).toBe('syn_0123456789ab\n');
  });

  test('a run with nothing to do says so in one line', () => {
    expect(play([started, ...cachedStages, finished({ cached: 3 })]).err).toBe(
      'nothing to do: all 3 units are cached, dataset syn_0123456789ab at data/synthetic/syn_0123456789ab (1.2 s)\n',
    );
  });

  test('a restored output is something that was done', () => {
    const restored: RunEvent = { type: 'output-restored', stage: 'generate', port: 'bars', path: 'data/x', files: 2 };
    const { err } = play([started, ...cachedStages, restored, finished({ cached: 3, restored: 1 })]);
    expect(err).not.toContain('nothing to do');
    expect(err).toContain('  restored  generate 1 output\n');
  });

  test('what many shards failed by is shown of the first and then counted', () => {
    const [problem] = failure.problems as [Problem];
    const elements = ['AAPL', 'MSFT', 'SPX'];
    const { err } = play([
      started,
      { ...failure, problems: [problem] },
      { ...failure, ...unit('MSFT'), problems: [problem], alike: true },
      { ...failure, ...unit('SPX'), problems: [problem], alike: true },
      { type: 'shards-failed', stage: 'generate', problem, elements },
      finished({ ok: false, failed: 3 }),
    ]);
    expect(err.match(/error stage\/undeclared-input/g)).toHaveLength(1);
    expect(err).toContain('error: generate: 3 shards failed by "the stage read a file": AAPL, MSFT, SPX\n');
  });

  test('a failed unit shows its problems in full, the answer is withheld and the summary names it', () => {
    const { out, err } = play([
      started,
      { type: 'unit-started', ...unit('AAPL'), reasons: [] },
      failure,
      { type: 'stage-skipped', stage: 'publish', because: 'generate failed' },
      finished({ ok: false, failed: 1, skipped: 1, datasetPath: null }),
    ]);
    expect(out).toBe('');
    expect(err).toBe(
      [
        'generate[AAPL]: started',
        'generate[AAPL]: failed',
        '  error stage/undeclared-input: the stage read a file',
        '    stages/x.ts:2:3',
        '    2 |   read(x)',
        '      |   ^^^^',
        '    path: a.csv',
        '    hint: wire it',
        '',
        '  error stage/failed: boom',
        'warning: publish: skipped, because generate failed',
        'failed after 1.2 s',
        '  failed    generate[AAPL]',
        '  skipped   publish (generate failed)',
        '  dataset   syn_0123456789ab (not published)',
        '  log       logs/runs/r1.jsonl',
        '',
      ].join('\n'),
    );
  });

  test('one event is one line, whatever a stage logs', () => {
    const message = 'two\nlines \u001b[31mand red\u001b[0m';
    const { err } = play([{ type: 'unit-log', stage: 's', element: null, message, facts: {} }]);
    expect(err).toBe('s: two\\nlines \\x1b[31mand red\\x1b[0m\n');
  });
});

test('--json is every event as a line on stdout and silence on stderr', () => {
  const screen = screenWith(new Emulator());
  const { listen } = presenter(screen, { json: true });
  const events = [started, failure, ...cachedStages, finished({})];
  for (const event of events) listen(event);
  expect(
    screen.stdout.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(events);
  expect((screen.stderr as Emulator).written).toEqual([]);
});

describe('on a terminal', () => {
  const open = (terminal: Emulator, env: Screen['env'] = {}) => {
    const screen = screenWith(terminal, env);
    return { screen, ...presenter(screen, { json: false }) };
  };
  const wait = (ms: number) => {
    nowMs += ms;
    vi.advanceTimersByTime(ms);
  };

  test('each stage has a line, drawn over in place', () => {
    const terminal = new Emulator();
    const { listen, close } = open(terminal);
    listen(started);
    listen({ type: 'stage-ready', stage: 'generate', shards: 8, hits: 2 });
    for (const element of ['A', 'B', 'C']) listen({ type: 'unit-started', ...unit(element), reasons: [] });
    wait(2000);
    for (const element of ['A', 'B']) {
      listen({ type: 'unit-finished', ...unit(element), changed: true, durationMs: 1, bytes: 1 });
    }
    wait(2000);
    expect(terminal.lines()).toEqual([
      '· calibrate',
      expect.stringMatching(/^. generate {2}━{10}╌{10} 4\/8 {2}0\.50\/s {2}8 s left {2}C$/),
      '· publish',
      '4.0 s, 2 jobs',
    ]);
    for (const element of ['C', 'D', 'E', 'F']) {
      listen({ type: 'unit-finished', ...unit(element), changed: true, durationMs: 1, bytes: 1 });
    }
    wait(1000);
    // All units are done, their outputs not yet laid out.
    expect(terminal.lines()[1]).toMatch(/^. generate {2}━{20} 8\/8 {2}\S+\/s$/);
    close();
    expect(terminal.lines()).toEqual([]);
  });

  test('a stage of one unit shows its own progress', () => {
    const terminal = new Emulator();
    const { listen, close } = open(terminal);
    listen(started);
    listen({ type: 'unit-started', ...unit(null), reasons: [] });
    wait(3000);
    listen({ type: 'unit-progress', stage: 'generate', element: null, done: 300, total: 1200, unit: 'bars' });
    wait(1000);
    expect(terminal.lines()[1]).toMatch(/12 s left {2}300\/1200 bars$/);
    close();
  });

  test('a thousand events in one frame are at most two draws', () => {
    const terminal = new Emulator();
    const { listen, close } = open(terminal);
    listen(started);
    const before = terminal.written.length;
    for (let i = 0; i < 1000; i++) listen({ type: 'unit-hit', ...unit(`A${i}`) });
    expect(terminal.written.length - before).toBeLessThanOrEqual(2);
    close();
  });

  test('no line is wider than the terminal and no frame higher, at any size', () => {
    for (let columns = 4; columns < 100; columns += 3) {
      for (const rows of [2, 3, 5, 30]) {
        const terminal = new Emulator(columns, rows);
        const { listen, close } = open(terminal);
        listen({ ...started, stages: ['한국어 시장', ...STAGES, 'a-stage-with-a-very-long-name-indeed'] });
        listen({ type: 'stage-ready', stage: 'generate', shards: 1000, hits: 1 });
        listen({ type: 'unit-started', ...unit('BERKSHIRE HATHAWAY'), reasons: [] });
        wait(5000);
        expect(terminal.lines().length).toBeLessThan(rows);
        close();
        expect(terminal.lines()).toEqual([]);
      }
    }
  });

  test('warnings and failures stay above the lines, the summary replaces them', () => {
    const terminal = new Emulator();
    const { listen, screen } = open(terminal);
    listen(started);
    listen({ type: 'unit-started', ...unit('AAPL'), reasons: [] });
    listen({ type: 'notice', level: 'warn', message: 'mind the gap' });
    listen({ type: 'notice', level: 'info', message: 'not worth a line' });
    listen(failure);
    const lines = terminal.lines();
    expect(lines.slice(0, 4)).toEqual([
      'warning: mind the gap',
      'generate[AAPL]: failed',
      '  error stage/undeclared-input: the stage read a file',
      '    stages/x.ts:2:3',
    ]);
    expect(lines).toContain('· publish');
    listen(finished({ ok: false, failed: 1 }));
    expect(terminal.lines()).not.toContain('· publish');
    expect(terminal.lines()).toContain('failed after 1.2 s');
    expect(screen.stdout.text).toBe('');
    const writes = terminal.written.length;
    wait(1000);
    expect(terminal.written).toHaveLength(writes);
  });

  test('waiting for another run is shown before the run has started', () => {
    const terminal = new Emulator();
    const { listen, close } = open(terminal);
    listen({ type: 'waiting', message: 'another run holds the lock' });
    wait(200);
    expect(terminal.lines().join()).toContain('waiting: another run holds the lock');
    close();
  });

  test('NO_COLOR draws without colours; without it there are some', () => {
    for (const [env, coloured] of [
      [{ NO_COLOR: '1' }, false],
      [{ NO_COLOR: '' }, true],
      [{}, true],
    ] as const) {
      const terminal = new Emulator();
      const { listen, close } = open(terminal, env);
      listen(started);
      listen(failure);
      listen(finished({ ok: false }));
      close();
      expect(terminal.written.join('').includes('\u001b[31m')).toBe(coloured);
    }
  });

  test('a dumb terminal gets plain lines', () => {
    const terminal = new Emulator();
    const { listen } = open(terminal, { TERM: 'dumb' });
    listen(started);
    listen({ type: 'notice', level: 'warn', message: 'x' });
    expect(terminal.written).toEqual(['warning: x\n']);
    expect(wantsColour(terminal, { TERM: 'dumb' })).toBe(false);
  });

  test('nothing of it outlives the run: listeners on the process are as before', () => {
    const counts = () => ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name));
    const before = counts();
    const { listen } = open(new Emulator());
    expect(counts()).toEqual(before.map((n) => n + 1));
    listen(started);
    listen(finished({}));
    expect(counts()).toEqual(before);
  });
});

describe('in a real process', () => {
  let folder: string;
  beforeEach(async () => {
    vi.useRealTimers();
    folder = mkdtempSync(join(tmpdir(), 'terminal-'));
    const bin = join(import.meta.dirname, '../../bin/terminal.ts');
    const driver = `
      import { presenter, processScreen } from '${bin}';
      const { listen } = presenter(processScreen('.'), { json: process.argv[2] === '--json' });
      listen(${JSON.stringify(started)});
      listen(${JSON.stringify({ type: 'unit-started', ...unit('AAPL'), reasons: [] })});
      setTimeout(() => {
        if (process.argv[2] === '--die') process.kill(process.pid, 'SIGTERM');
        else listen(${JSON.stringify(finished({ ran: 1 }))});
      }, 300);
      if (process.argv[2] === '--die') setTimeout(() => {}, 20000);
      if (process.argv[2] === '--json') for (let i = 0; i < 20000; i++) listen(${JSON.stringify(started)});`;
    writeFileSync(join(folder, 'driver.ts'), driver);
    await build({
      entryPoints: [join(folder, 'driver.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: join(folder, 'driver.cjs'),
    });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const sh = (command: string) => spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', timeout: 30_000 });

  test('a pipe to a reader that goes away does not break the run', () => {
    const { stdout, stderr } = sh('(node driver.cjs --json; echo "exit $?" >&2) | head -n 1');
    expect(JSON.parse(stdout)).toMatchObject({ type: 'run-started' });
    expect(stderr).toBe('exit 0\n');
  });

  const hasScript = spawnSync('script', ['--version']).status === 0;
  test.skipIf(!hasScript)('on a pseudo-terminal a signal still ends it, with the lines gone', () => {
    sh('TERM=xterm script -qec "node driver.cjs --die; echo exit \\$?" typescript < /dev/null');
    const terminal = new Emulator();
    const bytes = readFileSync(join(folder, 'typescript'), 'utf8');
    terminal.write(bytes.slice(bytes.indexOf('\n') + 1, bytes.lastIndexOf('\nScript done')));
    expect(bytes).toContain('generate');
    expect(terminal.lines().at(-1)).toBe('exit 143');
    expect(terminal.lines().join('\n')).not.toContain('generate');
  });
});
