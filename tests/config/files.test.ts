// The configuration files and schemas of this repository: right, complete, and in step with the code they speak of.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { LEGACY_WIRING } from '../../lib/base/legacy-id.ts';
import { at } from '../../lib/base/place.ts';
import { checkValue, flatten, type Schema } from '../../lib/base/schema.ts';
import { wiringId } from '../../lib/engine/check.ts';
import { resolveConfig } from '../../lib/engine/config.ts';
import type { JsonMap } from '../../lib/engine/leaves.ts';
import type { RawPipeline } from '../../lib/engine/spec.ts';
import { CLEANING_ACTIONS } from '../../lib/market/clean.ts';
import { GENERATOR_VERSION } from '../../lib/market/version.ts';

const read = (file: string) => readFileSync(new URL(`../../config/${file}`, import.meta.url), 'utf8');
const readSchema = (name: string) => JSON.parse(read(`schema/${name}.schema.json`)) as Schema;
const schema = readSchema('config');
const BASE = read('synthetic_data_config.yml');
const PROFILES = read('synthetic_data_profiles.yml');
const SOURCES = read('data_sources_config.yml');
const SMALL = 'seed: 1\ngenerator_version: v1-dev.3\ntickers: [A]\nstart_date: 2020-01-01\nend_date: 2021-01-01\n';

const resolved = ({ base = BASE, profile = 'default' } = {}) => {
  const documents = { base: parseDocument('base.yml', base), profiles: parseDocument('profiles.yml', PROFILES) };
  const { config, problems } = resolveConfig({ schema, ...documents, env: {}, flags: { profile } });
  expect(problems).toEqual([]);
  return config!;
};

describe('the files of this repository', () => {
  test('are right, and every profile resolves', () => {
    expect(resolved().value).toMatchObject({
      seed: 123,
      tickers: ['AAPL', 'SPX'],
      generator_version: GENERATOR_VERSION,
    });
    expect(resolved({ profile: 'legacy' }).value).toMatchObject({
      seed: 123,
      generator_version: 'v0',
      tickers: ['AAPL', 'MSFT'],
      start_date: '2020-01-01',
      end_date: '2024-01-01',
    });
    const sources = parseDocument('sources.yml', SOURCES);
    expect(sources.problems).toEqual([]);
    expect(checkValue(readSchema('sources'), sources.value, sources.place)).toEqual([]);
  });

  test('the config file writes every default out, as it is', () => {
    const written = parseDocument('base.yml', BASE).value;
    expect(resolved().value).toEqual(written);
    expect(resolved({ base: SMALL }).value).toEqual({
      ...(written as JsonMap),
      ...(parseDocument('small.yml', SMALL).value as JsonMap),
    });
  });

  test('pipeline.yaml is wired as legacy ids say: whoever wires it anew writes its id into lib/base/legacy-id.ts', () => {
    const text = readFileSync(new URL('../../pipeline.yaml', import.meta.url), 'utf8');
    const wiring = wiringId(parseDocument('pipeline.yaml', text).value as unknown as RawPipeline);
    expect([wiring]).toEqual([LEGACY_WIRING]);
  });

  test('the profiles schema offers editors every key of the config schema', () => {
    const profiles = readSchema('profiles') as unknown as {
      properties: { profiles: { additionalProperties: { properties: Record<string, { $ref?: string }> } } };
    };
    const { extends: _, ...offered } = profiles.properties.profiles.additionalProperties.properties;
    const refs = Object.keys(schema.properties as Schema).map((key) => [
      key,
      { $ref: `config.schema.json#/properties/${key}` },
    ]);
    expect(offered).toEqual(Object.fromEntries(refs));
  });

  test('the policy schema knows the actions that cleaning knows', () => {
    const policy = (
      flatten(readSchema('sources')).properties as Record<string, { properties: Record<string, { enum: string[] }> }>
    ).policy!;
    expect(Object.fromEntries(Object.entries(policy.properties).map(([kind, node]) => [kind, node.enum]))).toEqual(
      CLEANING_ACTIONS,
    );
  });
});

describe('[S1-68] sources', () => {
  const check = (text: string) => {
    const { value, problems, place } = parseDocument('s.yml', text);
    return [...problems, ...checkValue(readSchema('sources'), value, place)].map((p) => `${p.code} ${at(p.place!)}`);
  };
  test.each([
    ['sources: {mine: ./my/prices, far: /data/x.csv, up: ../x.parquet, "n": "npm:@a/b/c.csv"}', []],
    ['sources: {a: npm:vega-datasets}', ['config/invalid s.yml:1:14']],
    ['sources: {a: "npm:pkg/../../x"}', ['config/invalid s.yml:1:14']],
    ['sources: {A: ./x}', ['config/invalid s.yml:1:11']],
    ['sources: {a: {path: ./x, policy: {ohlc_violation: mend}}}', ['config/invalid s.yml:1:51']],
    ['policy: {unsortd: drop}\nsources: {}', ['config/unknown-key s.yml:1:10']],
    ['sources: {a: {path: ./x, colums: {}}}', ['config/unknown-key s.yml:1:26']],
    ['sources: {a: "x\\u0000y"}', ['yaml/syntax s.yml:1:14', 'config/invalid s.yml:1:1']],
  ])('%j', (text, expected) => expect(check(text)).toEqual(expected));
});

describe('[S1-68] pipeline.yaml', () => {
  const check = (text: string) => {
    const { value, problems, place } = parseDocument('p.yaml', `pipeline: p\nstages:\n  a: ${text}\n`);
    return [...problems, ...checkValue(readSchema('pipeline'), value, place)].map((p) =>
      `${at(p.place!)} ${p.message} ${p.hint ?? ''}`.trim(),
    );
  };
  test.each([
    [
      '{uses: market/calibrate, in: {p: "source:*", q: [a.b, $run, ./f/g.json]}, params: {x: $a.b, y: [1, {z: null}]}, map: {over: $tickers, as: ticker}, retries: 2, timeout: 10m}',
      [],
    ],
    ['{uses: ./mine.ts, timeout: 2.5, map: {over: [a, b], as: part}, desc: words}', []],
    ['{cmd: make x, out: {o: tree, p: json}, in: {f: "source:aapl"}}', []],
    [
      '{usez: market/calibrate}',
      ['p.yaml:3:7 unknown key "usez" in stages.a Did you mean "uses"?', 'p.yaml:3:3 stages.a.uses is missing Add it'],
    ],
    [
      '{cmd: x, out: {o: fil}}',
      ['p.yaml:3:24 stages.a.out.o must be "file", "tree" or "json"; found "fil" Did you mean "file"?'],
    ],
    [
      '{uses: market/calibrate, in: {P: a.b}}',
      ['p.yaml:3:36 the key "P" must be a name of small letters, digits, - and _, a letter first'],
    ],
    [
      '{uses: market/calibrate, in: {p: a.b.c}}',
      ['p.yaml:3:39 stages.a.in.p must be a wire: stage.port, source:name, source:*, ./a/file or $run; found "a.b.c"'],
    ],
    [
      '{uses: market/calibrate, in: {p: ./../x}}',
      ['p.yaml:3:39 stages.a.in.p must be a wire: stage.port, source:name, source:*, ./a/file or $run; found "./../x"'],
    ],
    [
      '{uses: market/calibrate, timeout: 0s}',
      ['p.yaml:3:40 stages.a.timeout must be a duration such as 90s, 10m or 2h; found "0s"'],
    ],
    ['{uses: market/calibrate, timeout: -1}', ['p.yaml:3:40 stages.a.timeout must be above 0; found -1']],
    [
      '{uses: ../x.ts}',
      [
        'p.yaml:3:13 stages.a.uses must be a stage such as market/calibrate or a file such as ./my-stage.ts; found "../x.ts"',
      ],
    ],
  ])('%s', (text, expected) => {
    expect(new Set(check(text))).toEqual(new Set(expected));
  });
});
