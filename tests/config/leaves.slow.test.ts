// Every leaf of the configuration does something: another value of it, under the models that read it, changes what is made.
import { describe, expect, test } from 'vitest';
import { canon, type Json } from '../../lib/base/canon.ts';
import { md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { checkValue, flatten } from '../../lib/base/schema.ts';
import { leavesOf, lookup } from '../../lib/engine/leaves.ts';
import { ASSET_CLASSES, type AssetClass } from '../../lib/models/asset-class.ts';
import { EVENT_NAMES, loadEvent } from '../../lib/models/events/catalog.ts';
import { calibrate } from '../../stages/market/calibrate.ts';
import { environment } from '../../stages/market/environment.ts';
import { features } from '../../stages/market/features.ts';
import { generate } from '../../stages/market/generate.ts';
import { microstructure } from '../../stages/market/microstructure.ts';
import { validate } from '../../stages/market/validate.ts';
import { configOf, DOCUMENTS, paramsOf } from '../stages/market/chain.ts';
import { type Files, jsonIn, runStage, treeIn } from '../stages/ports.ts';

const schema = flatten(DOCUMENTS.schema);
const leaves = leavesOf(schema).map(({ path, node }) => ({ name: path.join('.'), path, node }));

/** A market of two assets without prices; files by stage -> digest. */
async function made(set: readonly string[], without: readonly string[] = []): Promise<string> {
  const config = { ...configOf(set), sources: {}, source_defaults: { policy: {} } } as ReturnType<typeof configOf>;
  const given = { seed: config.seed as number, generatorVersion: config.generator_version as string };
  const params = <P>(stage: string, ticker?: string) =>
    ({ ...paramsOf<object>(stage, config), ...(ticker === undefined ? {} : { ticker }) }) as P;
  const all: Record<string, string> = {};
  const keep = (stage: string, out: object) => {
    for (const [port, value] of Object.entries(out))
      for (const [name, bytes] of value instanceof Uint8Array
        ? [['', value] as const]
        : Object.entries(value as object))
        all[`${stage}.${port}/${name}`] =
          bytes instanceof Uint8Array ? md5(bytes) : md5(canon((bytes ?? null) as Json));
  };
  const { out: calibrated } = await runStage(calibrate, { params: params('calibrate'), in: { prices: {} }, ...given });
  keep('calibrate', calibrated);
  const { out: around } = await runStage(environment, {
    ...{ params: params<never>('environment'), in: { calibration: jsonIn(calibrated.report) } },
    ...given,
  });
  keep('environment', around);
  const bars: Record<string, Uint8Array> = {};
  const latent: Record<string, Uint8Array> = {};
  const indicators: Record<string, Uint8Array> = {};
  for (const ticker of config.tickers as string[]) {
    const slice = Object.entries(around.parameters).filter(([name]) => name.startsWith(`${ticker}.`));
    const inputs = { parameters: treeIn(Object.fromEntries(slice)), shared: jsonIn(around.shared) };
    const shard = { element: ticker, ...given };
    const { out } = await runStage(generate, { params: params('generate', ticker), in: inputs, ...shard });
    keep('generate', out);
    const { out: side } = await runStage(microstructure, {
      ...{ params: params<never>('microstructure', ticker), ...shard },
      in: { ...inputs, bars: treeIn(out.bars), latent: treeIn(out.latent) },
    });
    keep('microstructure', side);
    const { out: derived } = await runStage(features, {
      ...{ params: params<never>('features', ticker), in: { bars: treeIn(out.bars) }, ...shard },
    });
    keep('features', derived);
    Object.assign(bars, out.bars);
    Object.assign(latent, out.latent);
    Object.assign(indicators, derived.features);
  }
  const { out: checked } = await runStage(validate, {
    params: params('validate'),
    in: {
      bars: treeIn(bars as Files),
      features: treeIn(indicators),
      latent: { environment: treeIn(around.latent), generate: treeIn(latent as Files) },
      calibration: jsonIn(calibrated.report),
      environment: jsonIn(around.report),
    },
  });
  keep('validate', checked);
  for (const name of without) delete all[name];
  return canon(all);
}

const MARKET = [
  'start_date=2020-01-01',
  'end_date=2020-03-31',
  'microstructure.enabled=true',
  'assets={A: {class: equity, sector: technology}, B: {class: equity}}',
];
const INTRADAY = ['calendar=XNYS', 'frequency=30min'];
const JUMPS = 'generation.price_model=jump_diffusion';
const KOU = [JUMPS, 'generation.models.jump_diffusion.law=kou'];

/** Where a leaf matters, by the beginning of its name; the longest wins. */
const UNDER: Readonly<Record<string, readonly string[]>> = {
  'generation.models.ou': ['generation.price_model=ou'],
  'generation.models.jump_diffusion': [JUMPS],
  'generation.models.jump_diffusion.probability_up': KOU,
  'generation.models.jump_diffusion.up': KOU,
  'generation.models.jump_diffusion.down': KOU,
  'generation.models.heston': ['generation.price_model=heston'],
  'generation.models.heston.require_feller': ['generation.price_model=heston', 'generation.models.heston.xi=3'],
  'generation.models.garch': ['generation.volatility_model=garch'],
  // A persistence of one is refused unless it is integrated.
  'generation.models.garch.integrated': [
    'generation.volatility_model=garch',
    'generation.models.garch={alpha: 0.1, gamma: 0, beta: 0.9}',
  ],
  'generation.models.hybrid': ['generation.price_model=hybrid'],
  'generation.regimes': ['generation.regimes.enabled=true'],
  'generation.regimes.enabled': [],
  'generation.regimes.transition': [
    'generation.regimes={enabled: true, states: [{label: one}, {label: two, vol_scale: 2}], transition: [[0.9, 0.1], [0.1, 0.9]]}',
  ],
  'generation.correlation.copula.df': ['generation.correlation.copula.family=student'],
  'generation.correlation.factor': ['generation.correlation.mode=factor'],
  'generation.correlation.rolling': ['generation.correlation.mode=rolling'],
  'generation.correlation.rolling.weight': [
    'generation.correlation={mode: rolling, rolling: {kind: logistic, midpoint: 30}}',
  ],
  'generation.correlation.rolling.midpoint': ['generation.correlation={mode: rolling, rolling: {kind: logistic}}'],
  'generation.correlation.rolling.width': [
    'generation.correlation={mode: rolling, rolling: {kind: logistic, midpoint: 30}}',
  ],
  'generation.overnight.df': ['generation.overnight.share=0.2'],
  'generation.season': INTRADAY,
  'generation.volume.noise': INTRADAY,
  'microstructure.spread_volatility': ['generation.volatility_model=garch'],
  'microstructure.depth_volatility': ['generation.volatility_model=garch'],
  'microstructure.flow': INTRADAY,
  'microstructure.flow.decay': [...INTRADAY, 'microstructure.flow.self=0.5'],
};

/** Values to try where the schema alone does not lead to one. */
const OTHER: Readonly<Record<string, string>> = {
  tickers: '[A]',
  start_date: '2020-01-10',
  end_date: '2020-04-01',
  seed: '124',
  assets: '{A: {class: gold}, B: {class: equity}}',
  universe_profile: 'classes',
  frequency: '1h',
  calendar: 'XNYS',
  'generation.price_model': 'heston',
  'generation.market_condition': 'inefficient',
  'generation.events': '{volatility_spike: {rate: 50}}',
  'generation.regimes.start': 'crisis',
  'generation.regimes.states': '[{label: one, duration: 5, vol_scale: 0.5}, {label: two, duration: 3}]',
  'generation.regimes.transition': '[[0.5, 0.5], [0.5, 0.5]]',
  'generation.correlation.factor.volatility': '{alpha: 0.1, gamma: 0, beta: 0.8}',
};

/** Leaves that this market cannot show, each with the test that does. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  generator_version: 'the legacy generator takes no classes: tests/proof/market.slow.test.ts',
  'calibration.min_observations': 'needs prices: tests/stages/market/calibrate.test.ts',
  'generation.correlation.repair': 'needs a matrix that is none: tests/stages/market/environment.test.ts',
  'generation.models.plugin': 'needs a file of the project: tests/proof/plugins.slow.test.ts',
  'validation.fail_fast': 'needs a broken bar: tests/stages/market/validate.test.ts',
  'persistence.format': 'one value only',
  'persistence.partition_by': 'one value only',
};

const CANDIDATES = [0.5, 2, 0.05, 30, 0.9, 1, 0, 7, 200, -0.5];

function candidates({ name, path, node }: (typeof leaves)[number], under: readonly string[]): string[] {
  if (OTHER[name] !== undefined) return [OTHER[name]];
  const now = lookup(configOf([...MARKET, ...under]), path);
  const options =
    (node.enum as Json[] | undefined) ?? ([node.type].flat().includes('boolean') ? [true, false] : CANDIDATES);
  const lists = node.type === 'array' ? [[3], [3, 5]] : options;
  return lists
    .filter((value) => canon(value) !== canon(now ?? null) && checkValue(node, value).length === 0)
    .map((value) => JSON.stringify(value));
}

const identity = leaves.filter(
  ({ name, path }) =>
    !/^(versioning|retention|run|dataset_id_strategy)\b/.test(name) &&
    !name.startsWith('generation.events.') &&
    path.length > 0 &&
    ELSEWHERE[name] === undefined,
);

const cache = new Map<string, Promise<string>>();
const standard = (set: readonly string[], without: readonly string[] = []) => {
  const key = canon([set, without] as unknown as Json);
  if (!cache.has(key)) cache.set(key, made(set, without));
  return cache.get(key)!;
};

test('every leaf that is shown elsewhere is a leaf', () => {
  for (const name of [...Object.keys(ELSEWHERE), ...Object.keys(OTHER)])
    expect(leaves.some((leaf) => leaf.name === name) || name === 'generation.events', name).toBe(true);
});

describe('another value changes what is made, or is refused', () => {
  test.each(identity.map((leaf) => [leaf.name, leaf] as const))('%s', async (name, leaf) => {
    const [key] = Object.keys(UNDER)
      .filter((one) => name === one || name.startsWith(`${one}.`))
      .sort((a, b) => b.length - a.length);
    const under = key === undefined ? [] : UNDER[key]!;
    // A model may refuse the neutral state as well, as the one that is integrated does.
    const outcome = (set: readonly string[]) =>
      standard(set).catch((error: unknown) => {
        if (error instanceof ProblemError) return 'refused';
        throw error;
      });
    const before = await outcome([...MARKET, ...under]);
    const tried: string[] = [];
    for (const value of candidates(leaf, under)) {
      const extra = name === 'universe_profile' ? ['tickers=null', 'assets={}'] : [];
      const after = await outcome([...MARKET, ...under, ...extra, `${name}=${value}`]);
      tried.push(value);
      if (after !== before && (after !== 'refused' || name === 'generation.models.heston.require_feller')) return;
    }
    throw new Error(`none of ${tried.join(', ') || 'nothing'} changed anything`);
  });
});

describe.each(EVENT_NAMES)('%s', async (type) => {
  const { loadings, params } = await loadEvent(type);
  const on = Object.keys(loadings)[0] as AssetClass;
  const spell = 'rate: 60, min_gap: 3';
  const base = (kind: AssetClass) => [
    ...MARKET.slice(0, 1),
    'end_date=2020-02-14',
    ...INTRADAY,
    'microstructure.enabled=true',
    `assets={A: {class: ${kind}, sector: technology}, B: {class: ${kind}}}`,
  ];
  /** The ledger repeats the numbers it was given, so that it alone would prove nothing. */
  const LEDGER = ['environment.latent/events.parquet', 'environment.shared/path', 'environment.shared/occurrences'];
  const of = (kind: AssetClass, settings: string) =>
    standard([...base(kind), `generation.events={${type}: ${settings}}`], LEDGER);
  const changes = async (kind: AssetClass, other: string) =>
    expect(await of(kind, other)).not.toBe(await of(kind, `{${spell}}`));

  test.each([
    ['intensity', '{rate: 60, min_gap: 3, intensity: 2}'],
    ['rate', '{rate: 90, min_gap: 3}'],
    ['min_gap', '{rate: 60, min_gap: 20}'],
    ['dates', '{rate: 60, min_gap: 3, dates: ["2020-01-15"]}'],
    ['loadings.sectors', '{rate: 60, min_gap: 3, loadings: {sectors: {technology: 0.3}}}'],
    ['loadings.tickers', '{rate: 60, min_gap: 3, loadings: {tickers: {A: 0.3}}}'],
  ])('%s', (_, other) => changes(on, other));

  test.each(ASSET_CLASSES)('loadings.classes.%s', (kind) =>
    changes(kind, `{${spell}, loadings: {classes: {${kind}: 0.35}}}`),
  );

  test.each(Object.entries(params))('params.%s', async (name, { default: value, minimum, maximum = 1e9, integer }) => {
    const middle = typeof value === 'number' ? value : (value[0] + value[1]) / 2;
    // A peg has a floor only where it collapses.
    const settings = (of: number) => `{${spell}, params: {${name === 'floor' ? 'collapse: 1, ' : ''}${name}: ${of}}}`;
    const before = await of(on, settings(middle));
    // A probability may have to go all the way to turn one of a few events.
    const others = [
      Math.min(maximum, integer ? middle + 1 : middle * 1.3),
      maximum <= 1 ? maximum : Math.min(maximum, middle * 2),
      minimum ?? middle / 2,
    ];
    const after = await Promise.all(others.filter((other) => other !== middle).map((other) => of(on, settings(other))));
    expect(after.some((one) => one !== before)).toBe(true);
  });
});
