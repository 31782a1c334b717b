// Real schedulers, real runs: what they leave in logs/automation whatever happens to them.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import type { Line } from '../../cron/task.ts';
import type { Json } from '../../lib/base/canon.ts';
import { checkValue } from '../../lib/base/schema.ts';
import { closeRigs, OWN, openMarket, openRig, type Rig } from '../proof/rig.ts';

afterEach(closeRigs);

const TASKS = 'tasks:\n  synthetic_refresh:\n    cron: "0 2 * * *"\n';

function rigWith(cmd: string, tasks = TASKS): Rig {
  const rig = openRig({ 'cron/schedule.yaml': tasks });
  rig.write(
    'pipeline.yaml',
    `pipeline: tiny
dataset: { from: words.list, under: data/synthetic }
stages:
  words:
    cmd: ${JSON.stringify(cmd.replaceAll('ROOT', rig.root))}
    out: { list: tree }
`,
  );
  return rig;
}

const WORDS = 'mkdir -p out/list && echo one > out/list/words';
const schema = (name: string) => JSON.parse(readFileSync(join(OWN, 'config', 'schema', `${name}.schema.json`), 'utf8'));

/** All audits in order of time; each is right by its schema and tells nothing of this machine. */
function audits(rig: Rig): Record<string, Json>[] {
  const names = readdirSync(rig.path('logs/automation')).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => {
    const text = rig.read(`logs/automation/${name}`);
    expect(text).not.toContain(rig.root);
    const audit = JSON.parse(text);
    expect(checkValue(schema('audit'), audit)).toEqual([]);
    return audit;
  });
}

/** All lines of the log; each is right by its schema. */
function lines(rig: Rig): Line[] {
  return rig
    .read('logs/automation/synthetic_runs.log')
    .trimEnd()
    .split('\n')
    .map((text) => {
      const line = JSON.parse(text) as Line;
      expect(checkValue(schema('audit-line'), line)).toEqual([]);
      return line;
    });
}

const events = (rig: Rig) => lines(rig).map(({ event }) => event);

/** A scheduler that runs until it is signalled. */
function start(rig: Rig) {
  const child = spawn(
    process.execPath,
    [join(OWN, 'dist', 'pipeline.cjs'), 'schedule', 'start', '--cron', '* * * * * *', '--json'],
    { cwd: rig.root, env: { PATH: process.env.PATH ?? '', HOME: rig.root }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const closed = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  let out = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const look of waiting) look();
  });
  return {
    child,
    closed,
    said: (event: string, times = 1) =>
      new Promise<void>((done) => {
        const look = () => {
          if (out.split(`"event":"${event}"`).length > times && waiting.delete(look)) done();
        };
        waiting.add(look);
        look();
      }),
  };
}

describe('a scheduled task', () => {
  test('[S1-94] the market is generated, validated and published, and the audit says which and how good', async () => {
    const rig = openMarket();
    rig.write('cron/schedule.yaml', readFileSync(join(OWN, 'cron', 'schedule.yaml')));
    const { code, out } = await rig.cli(['schedule', 'run', 'synthetic_refresh', '--json']);
    expect(code).toBe(0);
    const [audit] = audits(rig);
    expect(JSON.parse(out)).toEqual(audit);
    const latest = JSON.parse(rig.read('data/synthetic/latest.json'));
    expect(audit).toMatchObject({
      planned: null,
      outcome: 'done',
      settings: { profile: { value: 'default' } },
      dataset_id: latest.dataset_id,
      dataset: { path: latest.path, seed: 123 },
      verdicts: [{ stage: 'validate', passed: true }],
    });
    expect(rig.exists(audit!.run_log as string)).toBe(true);
    expect(events(rig)).toEqual(['started', 'generated', 'validated', 'finished']);
  });

  test('[C-5] a tick runs it once, with --once the scheduler ends, and the audit names the planned time', async () => {
    const rig = rigWith(WORDS);
    const { code } = await rig.cli(['schedule', 'start', '--cron', '* * * * * *', '--once']);
    expect(code).toBe(0);
    const [audit, ...more] = audits(rig);
    expect(more).toEqual([]);
    const { planned, started, ended } = audit as Record<string, string>;
    expect(planned).toMatch(/:\d\d\.000Z$/);
    expect(planned! <= started! && started! <= ended!).toBe(true);
    expect(events(rig)).toEqual(['started', 'generated', 'finished']);
  });

  test('a run that finds nothing to do is evidence too, of the same dataset', async () => {
    const rig = rigWith(WORDS);
    for (let i = 0; i < 3; i++) await rig.cli(['schedule', 'run', 'synthetic_refresh']);
    const found = audits(rig);
    expect(found.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
    expect(found[0]!.dataset_id).toMatch(/^syn_/);
    for (const { run_log } of found) expect(rig.exists(run_log as string)).toBe(true);
    expect(new Set(found.map(({ dataset }) => JSON.stringify(dataset))).size).toBe(1);
  });

  test('[C-5] a tick during a run is skipped and said', async () => {
    const rig = rigWith(`sleep 2.3; ${WORDS}`);
    const { code } = await rig.cli(['schedule', 'start', '--cron', '* * * * * *', '--once']);
    expect(code).toBe(0);
    expect(audits(rig)).toHaveLength(1);
    const skipped = lines(rig).filter(({ event }) => event === 'skipped');
    expect(skipped.length).toBeGreaterThanOrEqual(2);
    expect(skipped[0]!.because).toMatch(/^process \d+ runs it since /);
  });

  test('[C-5] a run is not started beside one of another process', async () => {
    const rig = rigWith(`sleep 2; ${WORDS}`);
    const scheduler = start(rig);
    await scheduler.said('started');
    const { code, problems } = await rig.cli(['schedule', 'run', 'synthetic_refresh', '--json']);
    scheduler.child.kill('SIGTERM');
    await scheduler.closed;
    expect(code).toBe(1);
    expect(problems).toMatchObject([{ code: 'lock/busy' }]);
  });

  test('a run that is killed outright leaves an audit, and the scheduler runs the next one', async () => {
    const rig = rigWith(`test -e ROOT/second || { touch ROOT/second; kill -9 $PPID; }; ${WORDS}`);
    const scheduler = start(rig);
    await scheduler.said('finished', 2);
    scheduler.child.kill('SIGTERM');
    expect(await scheduler.closed).toBe(130);
    expect(audits(rig)[0]).toMatchObject({ outcome: 'crashed', exit_code: null, signal: 'SIGKILL' });
    expect(audits(rig)[1]).toMatchObject({ outcome: 'done', exit_code: 0, signal: null });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops the run under way, then the scheduler, with 130',
    async (signal) => {
      const rig = rigWith(`touch ROOT/under-way; sleep 60; touch ROOT/survived; ${WORDS}`);
      const scheduler = start(rig);
      await scheduler.said('started');
      while (!rig.exists('under-way')) await new Promise((next) => setTimeout(next, 20));
      scheduler.child.kill(signal);
      expect(await scheduler.closed).toBe(130);
      expect(audits(rig)).toMatchObject([{ outcome: 'interrupted', exit_code: 130 }]);
      expect(readdirSync(rig.path('.pipeline')).filter((name) => name.includes('lock'))).toEqual([]);
    },
  );

  test('a run that fails is told by its exit code and problem codes', async () => {
    const rig = rigWith('exit 3');
    expect((await rig.cli(['schedule', 'run', 'synthetic_refresh'])).code).toBe(1);
    expect(audits(rig)).toMatchObject([
      { outcome: 'failed', exit_code: 1, dataset: null, problems: ['stage/failed'], units: { failed: 1 } },
    ]);
    expect(events(rig)).toEqual(['started', 'finished']);
  });

  test('[S1-95] each of CRON_SYNTHETIC_PROFILE, _SEED, _TICKERS and _CONFIG reaches the run and the audit', async () => {
    const rig = openMarket();
    rig.write('cron/schedule.yaml', TASKS);
    rig.write('other.yml', `${rig.read('config/synthetic_data_config.yml').replace('2024-01-01', '2021-01-01')}`);
    const env = {
      CRON_SYNTHETIC_PROFILE: 'nobody',
      CRON_SYNTHETIC_SEED: '77',
      CRON_SYNTHETIC_TICKERS: 'SPX,AAPL',
      CRON_SYNTHETIC_CONFIG: rig.path('other.yml'),
    };
    const refused = await rig.cli(['schedule', 'run', 'synthetic_refresh'], { env });
    expect(refused.code).toBe(2);
    const { code } = await rig.cli(['schedule', 'run', 'synthetic_refresh'], {
      env: { ...env, CRON_SYNTHETIC_PROFILE: 'default' },
    });
    expect(code).toBe(0);
    const [first, audit] = audits(rig);
    expect(first).toMatchObject({ outcome: 'failed', problems: ['config/unknown-profile'] });
    expect(audit!.settings).toEqual({
      profile: { value: 'default', from: 'env CRON_SYNTHETIC_PROFILE' },
      config: { value: 'other.yml', from: 'env CRON_SYNTHETIC_CONFIG' },
      seed: { value: '77', from: 'env CRON_SYNTHETIC_SEED' },
      tickers: { value: ['SPX', 'AAPL'], from: 'env CRON_SYNTHETIC_TICKERS' },
    });
    const manifest = JSON.parse(rig.read(`${(audit!.dataset as { path: string }).path}/manifest.json`));
    expect(manifest.config).toMatchObject({ seed: 77, tickers: ['SPX', 'AAPL'], end_date: '2021-01-01' });
  });
});

test('[S1-17] every run prunes what is past its time, and `schedule prune --dry-run` only says it', async () => {
  const rig = rigWith(WORDS);
  const old = 'logs/runs/old.jsonl';
  rig.write(old, '{}\n');
  utimesSync(rig.path(old), 1e9, 1e9);
  expect((await rig.cli(['schedule', 'prune', '--dry-run'])).out).toBe(`${old}\n`);
  expect(rig.exists(old)).toBe(true);
  await rig.cli(['schedule', 'run', 'synthetic_refresh']);
  expect(rig.exists(old)).toBe(false);
  expect(lines(rig).at(-1)).toMatchObject({ event: 'pruned', paths: [old] });
});

test('[S1-16] lines that processes append at once do not mix', async () => {
  const rig = openRig();
  await build({
    entryPoints: [join(OWN, 'cron', 'task.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    outfile: rig.path('task.cjs'),
    logLevel: 'error',
  });
  const script = `const { note } = require('./task.cjs');
    for (let i = 0; i < 300; i++)
      note({ root: '.', tell() {} }, 'skipped', 'writer_' + process.argv[1], { because: process.argv[1].repeat(20000) });`;
  const writers = ['a', 'b', 'c', 'd'].map(
    (name) =>
      new Promise((done) =>
        spawn(process.execPath, ['-e', script, name], {
          cwd: rig.root,
          env: { NODE_PATH: join(OWN, 'node_modules') },
          stdio: 'inherit',
        }).on('close', done),
      ),
  );
  expect(await Promise.all(writers)).toEqual([0, 0, 0, 0]);
  const found = lines(rig);
  expect(found).toHaveLength(1200);
  for (const { task, because } of found) expect(because).toBe(task.slice(-1).repeat(20000));
});
