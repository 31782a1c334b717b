// A user's own adapter and price model: a file in the project and one line of YAML, keyed, trapped and checked like the code of this package.
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { at } from '../../lib/base/place.ts';
import { closeRigs, OWN, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

/** Lines of `day;close`, the day as a count from 1970-01-01. */
const ADAPTER = `import type { Adapter } from 'marketloom/lib/table/prices.ts';

export const adapter: Adapter = {
  name: 'ticks',
  extensions: ['ticks'],
  read(bytes, { file, ticker }) {
    const rows = Buffer.from(bytes).toString('utf8').trim().split('\\n').map((line) => line.split(';').map(Number));
    const close = Float64Array.from(rows, (row) => row[1] as number);
    const volume = new Float64Array(close.length).fill(1000);
    const date = Int32Array.from(rows, (row) => row[0] as number);
    const row = date.map((_, i) => i + 1);
    return [{ ticker, file, row, date, timestamp: null, synthetic: false, open: close, high: close, low: close, close, volume, findings: [] }];
  },
};
`;
/** The model of docs/MARKET.md. */
const MODEL = /```ts\n(import[^`]*export const model[^`]*)```/.exec(
  readFileSync(join(OWN, 'docs/MARKET.md'), 'utf8'),
)?.[1] as string;
const SOURCES = 'config/data_sources_config.yml';
const CONFIG = 'config/synthetic_data_config.yml';

async function project(): Promise<Rig> {
  const rig = openRig();
  expect((await rig.cli(['init'])).code).toBe(0);
  const days = Array.from({ length: 400 }, (_, i) => 16000 + i + 2 * Math.floor(i / 5));
  rig.write('my/MINE.ticks', days.map((day, i) => `${day};${100 + ((i * 7919) % 13)}`).join('\n'));
  rig.write('my/adapter.ts', ADAPTER);
  rig.write(
    SOURCES,
    rig
      .read(SOURCES)
      .replace(/^sources:[\s\S]*/m, 'sources:\n  mine: {path: my/MINE.ticks, adapter: ./my/adapter.ts}\n'),
  );
  rig.edit(CONFIG, 'tickers: [AAPL, SPX]', 'tickers: [MINE]');
  return rig;
}
const run = (rig: Rig, ...args: string[]) => rig.cli(['run', '--json', ...args]);
/** What failed while it ran. */
const failures = ({ events }: Awaited<ReturnType<typeof run>>) =>
  events.flatMap((event) => (event.type === 'unit-failed' ? event.problems : []));
const told = ({ problems }: Awaited<ReturnType<typeof run>>) =>
  problems.map(({ code, place }) => `${code} ${place ? at(place) : '-'}`);

describe('an adapter in a file of the project', () => {
  test('reads the prices; an edit of it runs calibrate again and says why, and its bytes are in the id', async () => {
    const rig = await project();
    const first = await run(rig, 'calibrate');
    expect(first, first.out + first.err).toMatchObject({ code: 0, started: ['calibrate'] });
    expect(JSON.parse(rig.read('data/stages/calibrate/report.json')).assets[0].source).toMatchObject({
      name: 'mine',
      rows: 400,
      kept: 400,
    });
    expect((await run(rig, 'calibrate')).started).toEqual([]);
    const id = async () =>
      (JSON.parse((await rig.cli(['run', '--dry-run', '--json'])).out) as { datasetId: string }).datasetId;
    const before = await id();
    rig.edit('my/adapter.ts', "name: 'ticks'", "name: 'tick'");
    expect((await rig.cli(['explain', 'calibrate'])).out).toContain('code: `my/adapter.ts` changed');
    expect(await id()).not.toBe(before);
    expect((await run(rig, 'calibrate')).started).toEqual(['calibrate']);
  });

  test('is trapped like any stage, and one that is none or gives no tables is refused by its name', async () => {
    const rig = await project();
    for (const [text, code, message] of [
      [ADAPTER.replace('const close', 'const clock = Date.now(); const close'), 'stage/undeclared-input', 'clock'],
      ['export const reader = 1;', 'config/invalid', 'exports no `adapter`'],
      ["export const adapter = { name: 'x', extensions: [] };", 'config/invalid', 'without a function `read`'],
      [ADAPTER.replace('findings: []', 'findings: null'), 'config/invalid', 'no list of `findings`'],
      [
        ADAPTER.replace('new Float64Array(close.length)', 'new Float64Array(1)'),
        'config/invalid',
        'columns of different lengths',
      ],
      ['export const = 1;', 'code/build-failed', 'Expected identifier'],
    ] as const) {
      rig.write('my/adapter.ts', text);
      const ran = await run(rig, 'calibrate');
      expect(ran.code, text).not.toBe(0);
      expect([...ran.problems, ...failures(ran)][0]).toMatchObject({
        code,
        message: expect.stringContaining(message),
        place: { file: 'my/adapter.ts' },
      });
    }
  });

  test('that is not there, or lies outside, is told at its line before anything runs', async () => {
    const rig = await project();
    const name = (path: string) =>
      rig.edit(SOURCES, /MINE\.ticks, [^}]*/.exec(rig.read(SOURCES))?.[0] as string, `MINE.ticks, adapter: ${path}`);
    rig.write('../outside.ts', ADAPTER);
    symlinkSync('../../outside.ts', rig.path('my/link.ts'));
    const line =
      rig
        .read(SOURCES)
        .split('\n')
        .findIndex((text) => text.includes('{path: my/MINE')) + 1;
    for (const [path, code] of [
      ['./my/nothing.ts', 'source/missing'],
      ['./../outside.ts', 'source/unsafe'],
      ['./my/../../outside.ts', 'source/unsafe'],
      ['./my/link.ts', 'source/unsafe'],
    ] as const) {
      name(path);
      const ran = await run(rig);
      expect(ran).toMatchObject({ code: 2, started: [] });
      expect(told(ran)).toEqual([`${code} ${SOURCES}:${line}:40`]);
    }
    name('./my/nothing.ts');
    rig.write('my/nothing.ts', ADAPTER);
    expect((await run(rig, 'calibrate')).code, 'a file that appears is noticed').toBe(0);
  });
});

describe('a price model in a file of the project', () => {
  test('makes the market; an edit of it runs what uses it again and nothing above; a wrong one is told with its place', async () => {
    const rig = await project();
    rig.write('models/mine.ts', MODEL);
    rig.edit(CONFIG, 'price_model: gbm', 'price_model: ./models/mine.ts');
    const first = await run(rig);
    expect(first, first.out + first.err).toMatchObject({ code: 0, started: expect.arrayContaining(['generate/MINE']) });
    expect((await run(rig)).started).toEqual([]);
    const { checks, metrics } = JSON.parse(rig.read('data/stages/validate/validation.json'));
    expect(checks.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['mean', 'variance']));
    expect(metrics.unstated).toEqual([{ check: 'correlation', why: 'there is no pair of tickers' }]);
    rig.edit('models/mine.ts', 'that much less', 'as much less');
    expect((await rig.cli(['explain', 'environment'])).out).toContain('code: `models/mine.ts` changed');
    expect((await run(rig)).started).not.toContain('calibrate');
    const lineOf = (text: string) =>
      rig
        .read(CONFIG)
        .split('\n')
        .findIndex((one) => one.includes(text)) + 1;
    rig.edit(CONFIG, 'plugin: {}', 'plugin: { yeild: 0.03 }');
    const unknown = await run(rig);
    expect(unknown.started.filter((name) => name.startsWith('generate'))).toEqual([]);
    expect(failures(unknown)).toMatchObject([
      {
        code: 'config/unknown-key',
        facts: { setting: 'generation.models.plugin.yeild' },
        hint: 'did you mean "yield"?',
        place: { file: CONFIG, line: lineOf('yeild'), column: 22 },
      },
    ]);
    rig.edit(CONFIG, 'yeild: 0.03', 'yield: 0.03');
    rig.write('models/mine.ts', "export const model = { name: 'x', summary: 'y' };");
    const wrong = await run(rig);
    expect(failures(wrong)).toMatchObject([
      { code: 'model/refused', message: expect.stringContaining('no JSON Schema'), place: { file: 'models/mine.ts' } },
    ]);
    rig.edit(CONFIG, './models/mine.ts', './models/other.ts');
    expect(told(await run(rig))).toEqual([`source/missing ${CONFIG}:${lineOf('./models/other')}:16`]);
  });
});
