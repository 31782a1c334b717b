// Laws of the configuration: who wins, what is part of the identity, and a precise problem for every mistake.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { parseDocument } from '../../lib/base/document.ts';
import { at } from '../../lib/base/place.ts';
import { flatten, type Schema } from '../../lib/base/schema.ts';
import { type ConfigInputs, identityOf, resolveConfig } from '../../lib/engine/config.ts';
import { configHash } from '../../lib/engine/key.ts';
import { type JsonMap, leavesOf } from '../../lib/engine/leaves.ts';
import { anyText } from '../text.ts';
import { runs } from '../thorough.ts';

const read = (file: string) => readFileSync(new URL(`../../config/${file}`, import.meta.url), 'utf8');
const readSchema = (name: string) => JSON.parse(read(`schema/${name}.schema.json`)) as Schema;
const schema = readSchema('config');
const BASE = read('synthetic_data_config.yml');
const PROFILES = read('synthetic_data_profiles.yml');

interface Asked extends Partial<Pick<ConfigInputs, 'env' | 'flags'>> {
  readonly base?: string;
  readonly profiles?: string;
}
const resolve = ({ base = BASE, profiles = PROFILES, env = {}, flags = {} }: Asked = {}) =>
  resolveConfig({
    schema,
    base: parseDocument('base.yml', base),
    profiles: parseDocument('profiles.yml', profiles),
    env,
    flags,
  });
const resolved = (asked: Asked = {}) => {
  const { config, problems } = resolve(asked);
  expect(problems).toEqual([]);
  return config!;
};
const hash = (asked: Asked = {}) => configHash(resolved(asked).identity, {}, {});

const SMALL = 'seed: 1\ngenerator_version: v1-dev.3\ntickers: [A]\nstart_date: 2020-01-01\nend_date: 2021-01-01\n';

describe('precedence', () => {
  const profiles = 'profiles:\n  default: {}\n  p: {seed: 20}\n';
  test.each([
    ['the base file', {}, 1, 'base.yml:1:7'],
    ['a profile', { flags: { profile: 'p' } }, 20, 'profile p (profiles.yml:3:13)'],
    ['the environment', { flags: { profile: 'p' }, env: { PIPELINE_SEED: '300' } }, 300, 'env PIPELINE_SEED'],
    [
      'a setting',
      { flags: { profile: 'p', set: ['seed=4000'] }, env: { PIPELINE_SEED: '300' } },
      4000,
      'flag --set seed',
    ],
    [
      'its own flag',
      { flags: { profile: 'p', seed: '5', set: ['seed=4000'] }, env: { PIPELINE_SEED: '300' } },
      5,
      'flag --seed',
    ],
  ] as const)('%s wins over those before it', (_who, asked, seed, origin) => {
    const config = resolved({ base: SMALL, profiles, ...asked });
    expect([config.value.seed, config.origin(['seed'])]).toEqual([seed, origin]);
  });

  test('what nobody says is a default', () => {
    const config = resolved({ base: SMALL });
    expect([config.origin(['features', 'sma']), config.origin(['features'])]).toEqual(['default', 'default']);
  });

  test('every environment variable reaches its leaf, an empty one is unset', () => {
    const env = {
      PIPELINE_SEED: 'abc',
      PIPELINE_TICKERS: 'X, BRK.B',
      PIPELINE_START_DATE: '2021-01-01',
      PIPELINE_END_DATE: '2022-01-01',
      PIPELINE_JOBS: '3',
    };
    expect(resolved({ env }).value).toMatchObject({
      seed: 'abc',
      tickers: ['X', 'BRK.B'],
      start_date: '2021-01-01',
      end_date: '2022-01-01',
      run: { jobs: 3 },
    });
    expect(resolved({ env: { PIPELINE_PROFILE: 'legacy', PIPELINE_SEED: '' } })).toMatchObject({
      profile: 'legacy',
      value: { seed: 123 },
    });
    expect(resolved({ env: { PIPELINE_PROFILE: 'legacy' }, flags: { profile: 'default' } }).profile).toBe('default');
    expect(resolved({ env: { PIPELINE_SEED: '3' }, flags: { seed: '2' } }).value).toMatchObject({ seed: 2 });
  });

  test('maps merge, lists and scalars replace, and a profile rests on the one it extends', () => {
    const chain =
      'profiles:\n  a: {seed: 7, features: {sma: [3], ema: [4]}}\n  b: {extends: a, features: {sma: [5]}}\n';
    const { value } = resolved({
      profiles: chain,
      flags: { profile: 'b', set: ['features={rsi: []}', 'generation.correlation.repair=none'] },
    });
    expect(value).toMatchObject({
      seed: 7,
      features: { sma: [5], ema: [4], rsi: [], log_return: [1] },
      generation: { price_model: 'gbm', correlation: { mode: 'static', repair: 'none' } },
    });
    expect(value).not.toHaveProperty('extends');
  });

  test('the answer is frozen to its leaves', () => {
    const { value, identity } = resolved();
    const frozen = (here: Json): boolean =>
      typeof here !== 'object' || here === null || (Object.isFrozen(here) && Object.values(here).every(frozen));
    expect([frozen(value), frozen(identity)]).toEqual([true, true]);
  });
});

describe('[S1-68] twenty bad configurations give twenty precise problems', () => {
  const small = (key: string, line: string) => ({ base: SMALL.replace(new RegExp(`^${key}:.*$`, 'm'), line) });
  const more = (text: string) => ({ base: SMALL + text });
  test.each([
    ['a misspelt key', more('calender: B\n'), 'config/unknown-key base.yml:6:1', 'Did you mean "calendar"?'],
    [
      'a misspelt key deep inside',
      more('generation:\n  correlation: {mod: static}\n'),
      'config/unknown-key base.yml:7:17',
      'Did you mean "mode"?',
    ],
    [
      'a misspelt value',
      more('generation: {price_model: gmb}\n'),
      'config/invalid base.yml:6:27',
      'Did you mean "gbm"?',
    ],
    ['a missing key', { base: SMALL.replace('seed: 1\n', '') }, 'config/invalid base.yml:1:1', 'Add it'],
    ['a key given twice', more('seed: 2\n'), 'yaml/duplicate-key base.yml:6:1', 'Remove one'],
    ['a fraction as seed', small('seed', 'seed: 1.5'), 'config/invalid base.yml:1:7', undefined],
    ['a negative seed', small('seed', 'seed: -1'), 'config/invalid base.yml:1:7', undefined],
    [
      'a seed beyond exact integers',
      small('seed', 'seed: 9007199254740993'),
      'yaml/syntax base.yml:1:7',
      'Quote it if it is meant as text',
    ],
    ['an impossible date', small('start_date', 'start_date: 2023-02-29'), 'config/invalid base.yml:4:13', undefined],
    [
      'dates the wrong way round',
      small('end_date', 'end_date: 2019-01-01'),
      'config/invalid base.yml:5:11',
      'Swap or move the dates',
    ],
    [
      'a ticker that leaves its folder',
      small('tickers', 'tickers: [A, ../B]'),
      'config/unsafe-name base.yml:3:14',
      undefined,
    ],
    ['a ticker with dots in a row', small('tickers', 'tickers: [A..B]'), 'config/unsafe-name base.yml:3:11', undefined],
    [
      'a ticker some systems reserve',
      small('tickers', 'tickers: [B, CON.A]'),
      'config/unsafe-name base.yml:3:14',
      undefined,
    ],
    ['a ticker twice', small('tickers', 'tickers: [A, B, A]'), 'config/invalid base.yml:3:17', 'Remove one'],
    ['no tickers', small('tickers', 'tickers: []'), 'config/invalid base.yml:3:10', undefined],
    [
      'a text for a list',
      small('tickers', 'tickers: AAPL'),
      'config/invalid base.yml:3:10',
      'Write it as a list: [a, b]',
    ],
    ['a window of no bars', more('features: {sma: [20, 0]}\n'), 'config/invalid base.yml:6:22', undefined],
    ['a text for a number', more('validation: {alpha: "0.01"}\n'), 'config/invalid base.yml:6:21', 'Remove the quotes'],
    [
      'the yes of YAML 1.1',
      more('validation: {fail_fast: yes}\n'),
      'config/invalid base.yml:6:25',
      'YAML 1.2 writes true or false',
    ],
    ['a tab for indentation', more('run:\n\tjobs: 1\n'), 'yaml/syntax base.yml:7:1', 'Indent with spaces'],
    ['a list for the file', { base: '- seed: 1\n' }, 'config/invalid base.yml:1:1', undefined],
    ['an unknown profile', { flags: { profile: 'legcy' } }, 'config/unknown-profile', 'Did you mean "legacy"?'],
    [
      'a misspelt key in a profile',
      { profiles: 'profiles:\n  x:\n    sede: 1\n' },
      'config/unknown-key profiles.yml:3:5',
      'Did you mean "seed"?',
    ],
    [
      'a profile that extends none',
      { profiles: 'profiles:\n  x: {extends: lagacy}\n  legacy: {}\n', flags: { profile: 'x' } },
      'config/unknown-profile profiles.yml:2:16',
      'Did you mean "legacy"?',
    ],
    [
      'profiles in a circle',
      { profiles: 'profiles:\n  x: {extends: y}\n  y: {extends: x}\n', flags: { profile: 'x' } },
      'config/invalid profiles.yml:3:16',
      undefined,
    ],
    ['a seed flag that is no seed', { flags: { seed: '[1]' } }, 'config/invalid', undefined],
    [
      'a setting of an unknown key',
      { flags: { set: ['generation.tik=1'] } },
      'config/unknown-key',
      'Did you mean "tick"?',
    ],
    [
      'a setting without a value',
      { flags: { set: ['seed'] } },
      'usage',
      'Write for example --set validation.alpha=0.01',
    ],
    ['a bad date in the environment', { env: { PIPELINE_END_DATE: 'soon' } }, 'config/invalid', undefined],
  ] as [string, Asked, string, string | undefined][])('%s', (_what, asked, expected, hint) => {
    const { config, problems } = resolve(asked);
    expect(problems.map((p) => [[p.code, ...(p.place ? [at(p.place)] : [])].join(' '), p.hint])).toEqual([
      [expected, hint],
    ]);
    expect(config).toBe(null);
    if (!problems[0]!.place && asked.flags?.profile === undefined)
      expect(problems[0]!.message).toMatch(/^(flag --|env PIPELINE_)/);
  });

  test.each(['__proto__.seed=1', 'constructor.name=x', 'run.__proto__={}'])(
    'the setting %s is an unknown key',
    (setting) => {
      expect(resolve({ flags: { set: [setting] } }).problems.map((p) => p.code)).toEqual(['config/unknown-key']);
      expect(({} as Record<string, unknown>).seed).toBe(undefined);
    },
  );

  test('problems of the base, the profiles, the environment and the flags come in one go', () => {
    const { problems } = resolve({
      base: `${SMALL}calender: B\n`.replace('seed: 1\n', ''),
      profiles: 'profiles: {x: {tickers: A}}\n',
      env: { PIPELINE_JOBS: 'many' },
      flags: { profile: 'y', set: ['nope=1'] },
    });
    const words = [
      'unknown key "calender"',
      'tickers must be a list',
      'no profile',
      'run.jobs must be',
      'unknown key "nope"',
      'seed is missing',
    ];
    for (const word of words) expect(problems.filter((p) => p.message.includes(word))).toHaveLength(1);
    expect(problems).toHaveLength(words.length);
  });

  test('a date that an override puts before the other is told with both origins', () => {
    const { problems } = resolve({ base: SMALL, env: { PIPELINE_END_DATE: '2019-01-01' } });
    expect(problems).toMatchObject([{ facts: { end_date: 'env PIPELINE_END_DATE', start_date: 'base.yml:4:13' } }]);
  });
});

describe('identity', () => {
  test('[S1-35] comments, key order, quotes and style do not change the config hash', () => {
    const { value } = resolved();
    const reversed = (here: Json): Json =>
      Array.isArray(here) || typeof here !== 'object' || here === null
        ? here
        : Object.fromEntries(
            Object.entries(here)
              .reverse()
              .map(([key, inner]) => [key, reversed(inner)]),
          );
    expect(hash({ base: BASE.replace(/#.*$/gm, '# another word') })).toBe(hash());
    expect(hash({ base: JSON.stringify(reversed(value)) })).toBe(hash());
    expect(hash({ base: BASE.replaceAll('\n', '\r\n') })).toBe(hash());
  });

  test('[S1-35] a default written out, or set by another layer, is the same config', () => {
    expect(hash({ base: `${SMALL}frequency: B\nfeatures: {ema: [20]}\n` })).toBe(hash({ base: SMALL }));
    expect(hash({ base: SMALL, flags: { seed: '2' } })).toBe(hash({ base: SMALL.replace('seed: 1', 'seed: 2') }));
  });

  const leaves = leavesOf(flatten(schema));
  const isOperational = (path: readonly string[]) => {
    let node: Schema = flatten(schema);
    return path.some((key) => {
      node = (node.properties as Record<string, Schema>)[key]!;
      return node['x-identity'] === false;
    });
  };
  const changed = (value: JsonMap, [key, ...rest]: readonly string[]): JsonMap => ({
    ...value,
    [key!]: rest.length === 0 ? 'flipped' : changed((value[key!] ?? {}) as JsonMap, rest),
  });

  const standard = resolved();
  test.each(leaves.filter(({ path }) => isOperational(path)).map(({ path }) => path.join('.')))(
    'operational %s leaves the config hash alone',
    (name) => {
      const { value, identity } = standard;
      expect(identityOf(schema, changed(value, name.split('.')))).toEqual(identity);
    },
  );

  test.each(leaves.filter(({ path }) => !isOperational(path)).map(({ path }) => path.join('.')))(
    'identity %s changes the config hash',
    (name) => {
      const { value, identity } = standard;
      expect(configHash(identityOf(schema, changed(value, name.split('.'))), {}, {})).not.toBe(
        configHash(identity, {}, {}),
      );
    },
  );

  test('the operational leaves are these and no others', () => {
    const tops = new Set(leaves.filter(({ path }) => isOperational(path)).map(({ path }) => path[0]));
    expect([...tops]).toEqual(['dataset_id_strategy', 'versioning', 'retention', 'run']);
  });

  test('settings reach the hash through every layer alike', () => {
    expect(hash({ flags: { set: ['run.jobs=7', 'versioning={auto_push: true}'] } })).toBe(hash());
    for (const setting of [
      'assets={AAPL: {mu: 0.1}}',
      'generation.tick=0.05',
      'features.rsi=[]',
      'validation.checks.ohlc=false',
      'seed=124',
    ]) {
      expect(hash({ flags: { set: [setting] } })).not.toBe(hash());
    }
    expect(configHash(resolved().identity, { aapl: 'a' }, {})).not.toBe(
      configHash(resolved().identity, { aapl: 'b' }, {}),
    );
  });

  test('seed 1 and seed "1" are two configurations', () => {
    expect(hash({ base: SMALL })).not.toBe(hash({ base: SMALL.replace('seed: 1', 'seed: "1"') }));
  });
});

test('any text as flag or environment value gives problems or a configuration', () => {
  const value = anyText({ maxLength: 20 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      resolve({
        base: SMALL,
        env: { PIPELINE_SEED: a, PIPELINE_TICKERS: b, PIPELINE_PROFILE: b },
        flags: { seed: b, set: [a, `${a}=${b}`, `seed=${a}`] },
      });
    }),
    { numRuns: runs(500) },
  );
});
