// The market pipeline by the real program in a fresh project: what a run says, makes and spares.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeRigs, openMarket, type Ran, type Rig } from './rig.ts';

const SECRET = 'sk-do-not-write-me-anywhere';
let rig: Rig;
let first: Ran;
let id = '';
beforeAll(async () => {
  rig = openMarket();
  first = await rig.cli(['run'], { env: { API_KEY: SECRET, PIPELINE_TOKEN: SECRET } });
  id = first.out.trim();
});
afterAll(closeRigs);

const run = (...args: string[]) => rig.cli(['run', '--json', ...args]);
/** What a run would do, without doing it. */
const plan = async (...args: string[]) => {
  const { code, out } = await rig.cli(['run', '--dry-run', '--json', ...args]);
  return { code, ...(JSON.parse(out) as { datasetId: string }) };
};
/** The dataset_id of a run with `--json`; null when it failed. */
const idOf = ({ events }: Ran) => {
  const end = events.at(-1);
  return end?.type === 'run-finished' && end.ok ? end.datasetId : null;
};
const json = (name: string) => JSON.parse(rig.read(name));

describe('a first run', () => {
  test('[C-8] leaves with status 0 and prints the dataset_id, and nothing else, on stdout', () => {
    expect(first.code, first.err).toBe(0);
    expect(first.out).toMatch(/^syn_[0-9a-f]{12}\n$/);
    expect(first.err).toContain('done in');
  });

  test('[C-1] publishes what its stages made as one dataset under its id', () => {
    expect(readdirSync(rig.path(`data/synthetic/${id}`)).sort()).toEqual([
      '_common_metadata',
      'calibration.json',
      'environment.json',
      'features',
      'latent',
      'manifest.json',
      'ohlcv',
      'validation.json',
    ]);
    expect(json('data/synthetic/latest.json').dataset_id).toBe(id);
    const manifest = json(`data/synthetic/${id}/manifest.json`);
    expect(manifest).toMatchObject({ dataset_id: id, rows: 2088 });
    expect(manifest.inputs.map(({ name }: { name: string }) => name)).toEqual(['aapl', 'spx']);
    expect(json(`data/synthetic/${id}/validation.json`)).toMatchObject({ passed: true, quality_score: 1 });
  });

  test('[S1-116] no manifest, report, receipt, pointer or log has a secret of the environment or a folder of the machine', () => {
    const texts = readdirSync(rig.root, { recursive: true, encoding: 'utf8' }).filter(
      (name) =>
        /^(data|logs|dvc\.|\.pipeline\/(receipts|datasets))/.test(name) && /\.(json|jsonl|dvc|yaml|lock)$/.test(name),
    );
    expect(texts.length).toBeGreaterThan(10);
    for (const name of texts) {
      const text = readFileSync(rig.path(name), 'utf8');
      expect(text.includes(SECRET) || text.includes(rig.root), name).toBe(false);
    }
  });

  test('every table of every stage is readable by DuckDB, with the types and rows it should have', async () => {
    const duck = await (await DuckDBInstance.create(':memory:')).connect();
    const ask = async (sql: string) => (await duck.runAndReadAll(sql)).getRowsJson();
    const folder = rig.path(`data/synthetic/${id}`);
    const bars = `'${folder}/ohlcv/*.parquet'`;
    expect(
      await ask(`select ticker, count(*)::int, min(date)::text, max(date)::text from ${bars} group by 1 order by 1`),
    ).toEqual([
      ['AAPL', 1044, '2020-01-01', '2024-01-01'],
      ['SPX', 1044, '2020-01-01', '2024-01-01'],
    ]);
    expect(
      await ask(
        `select count(*)::int from ${bars} where not (low <= least(open, close) and high >= greatest(open, close) and volume >= 0)`,
      ),
    ).toEqual([[0]]);
    const types = (await ask(`describe select * from ${bars}`)).map(
      ([name, type]) => `${String(name)} ${String(type)}`,
    );
    expect(types).toEqual([
      'date DATE',
      'ticker VARCHAR',
      'open DOUBLE',
      'high DOUBLE',
      'low DOUBLE',
      'close DOUBLE',
      'volume BIGINT',
    ]);
    const joined = `${bars} b join '${folder}/features/*.parquet' f using (date, ticker)`;
    expect(await ask(`select count(*)::int, count(f.sma_50)::int from ${joined}`)).toEqual([[2088, 2 * (1044 - 49)]]);
    for (const name of readdirSync(rig.path('data/stages'), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.parquet')) await ask(`select * from '${join(rig.path('data/stages'), name)}' limit 1`);
      else if (name.endsWith('.json'))
        await ask(`select * from read_json_auto('${join(rig.path('data/stages'), name)}') limit 1`);
    }
    duck.closeSync();
  });
});

describe('a later run', () => {
  test('[C-2] runs nothing when nothing changed, and prints the same id', async () => {
    const again = await run();
    expect([again.code, again.started, idOf(again)]).toEqual([0, [], id]);
    expect((await rig.cli(['run'])).out).toBe(`${id}\n`);
  });

  test('[C-2] runs only features and below when one RSI window changes, under another id', async () => {
    const other = await run('--set', 'features.rsi=[21]');
    expect(other.started).toEqual(['features/AAPL', 'features/SPX', 'manifest', 'publish', 'validate']);
    expect(idOf(other)).not.toBe(id);
    expect((await run()).started).toEqual([]);
  });

  test('[C-2] makes one shard more when a ticker is appended', async () => {
    const more = await run(
      '--set',
      'tickers=[AAPL, SPX, ZZZ]',
      '--set',
      'assets.ZZZ={mu: 0.05, sigma: 0.3, start_price: 10}',
    );
    expect(more.started).toEqual([
      ...['calibrate', 'environment'],
      ...['features/ZZZ', 'generate/ZZZ', 'manifest', 'microstructure/ZZZ', 'publish', 'validate'],
    ]);
  });

  test('[S1-3] [S1-11] gives the legacy dataset its legacy id, 2088 rows and quality 1', async () => {
    const legacy = await rig.cli(['run', '--profile', 'legacy']);
    expect([legacy.code, legacy.out]).toEqual([0, 'syn_685360ffc97f\n']);
    expect(json('data/synthetic/syn_685360ffc97f/manifest.json').rows).toBe(2088);
    expect(json('data/synthetic/syn_685360ffc97f/validation.json')).toMatchObject({ passed: true, quality_score: 1 });
    for (const setting of ['tickers=[AAPL,MSFT,NVDA]', 'validation.alpha=0.01']) {
      const other = await plan('--profile', 'legacy', '--set', setting);
      expect(other.datasetId, setting).not.toBe('syn_685360ffc97f');
    }
    rig.edit('pipeline.yaml', 'alpha: $validation.alpha', 'alpha: 0.01');
    const rewired = await plan('--profile', 'legacy');
    rig.edit('pipeline.yaml', 'alpha: 0.01', 'alpha: $validation.alpha');
    expect(rewired.code).toBe(0);
    expect(rewired.datasetId).not.toBe('syn_685360ffc97f');
  });
});

describe('[S1-35] the dataset_id', () => {
  test('does not change with comments, key order or settings that change no byte', async () => {
    const name = 'config/synthetic_data_config.yml';
    const before = rig.read(name);
    const [head = '', ...blocks] = before.split(/^(?=calibration:|features:|persistence:)/m);
    rig.write(name, `# A remark.\n${head}${blocks.reverse().join('\n')}`);
    const reordered = await run();
    rig.write(name, before);
    expect([reordered.started, idOf(reordered)]).toEqual([[], id]);
    expect(idOf(await run('--set', 'retention.keep_last=3', '--jobs', '1'))).toBe(id);
  });

  test('changes with a literal or a wire of pipeline.yaml, and not with its comments or retries', async () => {
    const before = rig.read('pipeline.yaml');
    const idAfter = async (from: string, to: string) => {
      rig.edit('pipeline.yaml', from, to);
      const { datasetId } = await plan();
      rig.write('pipeline.yaml', before);
      return datasetId;
    };
    expect(await idAfter('tick: $generation.tick', 'tick: 0.05')).not.toBe(id);
    expect(await idAfter('prices: "source:*"', 'prices: ["source:aapl", "source:spx"]')).not.toBe(id);
    expect(await idAfter('    uses: market/generate', '    uses: market/generate # a remark\n    retries: 2')).toBe(id);
  });

  test.each([
    ['the seed', ['--seed', '124']],
    ['a date', ['--set', 'end_date=2023-12-29']],
    ['a check', ['--set', 'validation.checks.tick=false']],
    ['the policy for dirt', null],
  ])('changes with %s', async (_, args) => {
    if (args === null) rig.edit('config/data_sources_config.yml', 'bad_volume: repair', 'bad_volume: drop');
    const other = await plan(...(args ?? []));
    if (args === null) rig.edit('config/data_sources_config.yml', 'bad_volume: drop', 'bad_volume: repair');
    expect(other.code).toBe(0);
    expect(other.datasetId).not.toBe(id);
  });
});

test('[S1-11] a verdict of no leaves with status 1, keeps the report and publishes nothing', async () => {
  const latest = rig.read('data/synthetic/latest.json');
  const before = readdirSync(rig.path('data/synthetic')).sort();
  const all = ['schema', 'index', 'ohlc', 'finite', 'positive', 'volume', 'tick', 'moments', 'correlation'];
  const off = all.flatMap((name) => ['--set', `validation.checks.${name}=false`]);
  const no = await run(...off);
  expect(no.code).toBe(1);
  expect(no.started).toEqual(['validate']);
  expect(json('data/stages/validate/validation.json')).toMatchObject({ passed: false, checks: [] });
  expect(rig.read('data/synthetic/latest.json')).toBe(latest);
  expect(readdirSync(rig.path('data/synthetic')).sort()).toEqual(before);
  const plain = await rig.cli(['run', ...off]);
  expect([plain.code, plain.out]).toEqual([1, '']);
  expect(plain.err).toContain('validate: did not pass: no check is switched on');
});
