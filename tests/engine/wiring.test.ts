// Any pipeline.yaml, however mangled, is either a sound graph or a list of problems with places: never a crash, never a hang.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Document, parseDocument } from '../../lib/base/document.ts';
import type { Problem } from '../../lib/base/problem.ts';
import { checkValue, type Schema } from '../../lib/base/schema.ts';
import { orderOf } from '../../lib/engine/graph.ts';
import { type Declaration, needsOf, type Spec } from '../../lib/engine/spec.ts';
import { wireSpec } from '../../lib/engine/wiring.ts';
import { json, tree, trees } from '../../lib/stage/port.ts';
import { anyText } from '../text.ts';
import { runs } from '../thorough.ts';

const SCHEMA = JSON.parse(readFileSync('config/schema/pipeline.schema.json', 'utf8')) as Schema;
const TEXT = `pipeline: market
config: {file: config.yml, profiles: profiles.yml, schema: schema.json}
sources: sources.yml
identity: {seed: $seed, generator_version: $generator_version}
dataset: {from: publish.dataset, under: data/synthetic}
stages:
  calibrate:
    uses: market/calibrate
    in: {prices: source:*}
    params: {models: $models, start: 2020-01-01}
  generate:
    uses: market/generate
    map: {over: $tickers, as: ticker}
    in: {parameters: calibrate.parameters}
    params: {drift: $model.drift}
    retries: 2
    timeout: 10m
  features:
    cmd: cat in/prices/* > out/table/x
    in: {prices: [generate.prices, source:spx], note: ./notes.txt}
    out: {table: tree, summary: json}
  publish:
    uses: ./publish.ts
    in: {prices: generate.prices, run: $run}
`;

const declare = (parts: Partial<Declaration>): Declaration => ({
  summary: '',
  params: { type: 'object', additionalProperties: false, properties: {} },
  inputs: {},
  outputs: {},
  uses: [],
  selects: {},
  ...parts,
});
const object = (properties: Record<string, unknown>) => ({
  type: 'object' as const,
  additionalProperties: false,
  properties,
});
const DECLARATIONS = new Map(
  Object.entries({
    'market/calibrate': declare({
      params: object({ models: { type: 'array' }, start: { type: 'string' } }),
      inputs: { prices: trees('prices@1') },
      outputs: { parameters: json('parameters@1') },
    }),
    'market/generate': declare({
      params: object({ drift: { type: 'number' }, ticker: { type: 'string' } }),
      inputs: { parameters: json('parameters@1') },
      outputs: { prices: tree('bars@1') },
    }),
    './publish.ts': declare({
      inputs: { prices: tree('bars@1'), run: json('run@1') },
      outputs: { dataset: tree('dataset@1') },
    }),
  }).map(([uses, declaration]) => [uses, { ...declaration, entry: uses }]),
);
const VALUES = {
  seed: 1,
  generator_version: 'v1',
  models: ['gbm'],
  tickers: ['A', 'B'],
  model: { drift: 0.1 },
  sources: {},
};

function check(text: string): { spec: Spec | null; problems: readonly Problem[]; document: Document } {
  const document = parseDocument('pipeline.yaml', text);
  if (document.problems.length > 0) return { spec: null, problems: document.problems, document };
  const shape = checkValue(SCHEMA, document.value, document.place);
  if (shape.length > 0) return { spec: null, problems: shape, document };
  const used = Object.values((document.value as { stages: Record<string, { uses?: string }> }).stages);
  const unknown = used.filter(({ uses }) => uses !== undefined && !DECLARATIONS.has(uses));
  // The step before wiring tells these.
  const place = document.place(['stages'], 'key');
  const absent = unknown.map(({ uses }): Problem => ({ code: 'spec/unknown-stage', message: `${uses}`, place }));
  const facts = {
    values: VALUES,
    sourceNames: ['spx', 'apple'],
    declarations: DECLARATIONS,
    fileExists: (path: string) => path === 'notes.txt',
  };
  const wired = wireSpec(document, facts);
  const problems = [...absent, ...wired.problems];
  return { spec: problems.length > 0 ? null : wired.spec, problems, document };
}

/** What must hold of any answer. */
function sound(text: string): void {
  const { spec, problems, document } = check(text);
  const lines = document.text.split('\n');
  for (const { message, place } of problems) {
    expect(message).not.toBe('');
    expect(place, message).toBeDefined();
    if (place === undefined) continue;
    expect(place.line, message).toBeLessThanOrEqual(lines.length);
    expect(place.column, message).toBeLessThanOrEqual((lines[place.line - 1]?.length ?? 0) + 1);
  }
  expect(spec === null).toBe(problems.length > 0);
  if (spec === null) return;
  const seen = new Set<string>();
  for (const stage of spec.stages) {
    for (const name of needsOf(stage)) expect(seen, `${stage.name} needs ${name}`).toContain(name);
    for (const { wires } of Object.values(stage.inputs)) {
      for (const wire of Object.values(wires)) {
        if (wire.kind !== 'stage') continue;
        const above = spec.stages.find(({ name }) => name === wire.stage);
        expect(Object.keys(above?.outputs ?? {})).toContain(wire.port);
      }
    }
    seen.add(stage.name);
  }
}

const WORDS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '..',
  '.',
  '/',
  '$',
  '$run',
  '$seed',
  '$tickers',
  '$model.drift.x',
  'source:*',
  'source:spx',
  'source:',
  './notes.txt',
  './..',
  'calibrate.parameters',
  'generate.prices',
  'publish.dataset',
  'features.table',
  'calibrate.constructor',
  'null',
  '~',
  '[]',
  '{}',
  '-1',
  '1e400',
  'true',
  "''",
  '*a',
  '&a x',
  '"\\u0000"',
  'x'.repeat(300),
];
const PIECES = TEXT.match(/[\w$*:./-]+|\n|\s+|[{}[\],]/g) as string[];

const mutation = fc.oneof(
  fc.record({ act: fc.constant('word' as const), at: fc.nat(), word: fc.constantFrom(...WORDS) }),
  fc.record({
    act: fc.constant('other' as const),
    at: fc.nat(),
    word: fc.nat().map((n) => PIECES[n % PIECES.length] as string),
  }),
  fc.record({ act: fc.constant('drop' as const), at: fc.nat(), word: fc.constant('') }),
  fc.record({ act: fc.constant('twice' as const), at: fc.nat(), word: fc.constant('') }),
  fc.record({ act: fc.constant('insert' as const), at: fc.nat(), word: anyText({ maxLength: 3 }) }),
  fc.record({ act: fc.constant('cut' as const), at: fc.nat(), word: fc.constant('') }),
);

describe('a thousand mangled pipelines', () => {
  test('each is a sound graph or has problems with places inside the file', () => {
    expect(check(TEXT).problems).toEqual([]);
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const pieces = [...PIECES];
        for (const { act, at, word } of mutations) {
          const i = at % pieces.length;
          if (act === 'word' || act === 'other') pieces[i] = word;
          else if (act === 'drop') pieces.splice(i, 1);
          else if (act === 'twice') pieces.splice(i, 0, pieces[i] as string);
          else if (act === 'insert') pieces.splice(i, 0, word);
          else pieces.splice(i + 1);
          if (pieces.length === 0) pieces.push('\n');
        }
        sound(pieces.join(''));
      }),
      { numRuns: runs(1000), seed: 20_260_101 },
    );
  });
});

describe('the order of a graph', () => {
  const graphs = fc
    .array(fc.array(fc.nat(11), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
    .map(
      (rows) => new Map(rows.map((above, i) => [`s${i}`, above.filter((n) => n < rows.length).map((n) => `s${n}`)])),
    );

  test('puts each stage after what it needs, or names real cycles', () => {
    fc.assert(
      fc.property(graphs, (needs) => {
        const { order, cycles } = orderOf(needs);
        if (cycles.length === 0) {
          expect([...order].sort()).toEqual([...needs.keys()].sort());
          for (const [name, above] of needs)
            for (const other of above) expect(order.indexOf(other)).toBeLessThan(order.indexOf(name));
          return;
        }
        for (const cycle of cycles) {
          expect(cycle.length).toBeGreaterThan(1);
          expect(cycle[0]).toBe(cycle.at(-1));
          for (let i = 1; i < cycle.length; i++) expect(needs.get(cycle[i] as string)).toContain(cycle[i - 1]);
        }
        expect(new Set(cycles.map((cycle) => cycle.join())).size).toBe(cycles.length);
      }),
      { numRuns: runs(500) },
    );
  });

  test('keeps the order of declaration where wires leave it free', () => {
    const needs = new Map([
      ['z', []],
      ['a', []],
      ['m', ['z']],
      ['b', ['a']],
    ]);
    expect(orderOf(needs).order).toEqual(['z', 'a', 'm', 'b']);
  });

  test('is found for a chain of 20 000 stages', () => {
    const chain = new Map(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, i === 0 ? [] : [`s${i - 1}`]]));
    expect(orderOf(chain).order).toHaveLength(20_000);
  });
});
