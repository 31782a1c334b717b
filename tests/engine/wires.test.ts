import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { parseDocument } from '../../lib/base/document.ts';
import { checkValue, type Schema } from '../../lib/base/schema.ts';
import { type Declaration, needsOf } from '../../lib/engine/spec.ts';
import { type WiringFacts, wireSpec } from '../../lib/engine/wiring.ts';
import { file, json, tree, trees } from '../../lib/stage/port.ts';

const SCHEMA = JSON.parse(readFileSync('config/schema/pipeline.schema.json', 'utf8')) as Schema;
const declare = (parts: Partial<Declaration>): Declaration & { entry: string } => ({
  summary: 'from the code',
  params: { type: 'object', properties: {} },
  inputs: {},
  outputs: {},
  uses: [],
  selects: {},
  entry: 'x.ts',
  ...parts,
});
const FACTS: WiringFacts = {
  values: { seed: 7, tickers: ['AAPL', 'BRK.B'], none: [], model: { drift: 0.1, vol: 0.2 }, bad: ['ok', '../up'] } as {
    [key: string]: Json;
  },
  sourceNames: ['spx', 'apple'],
  declarations: new Map(
    Object.entries({
      'm/calibrate': declare({
        inputs: { prices: trees('prices@1') },
        outputs: { parameters: json('parameters@1'), report: json('report@1') },
        params: {
          type: 'object',
          required: ['models'],
          additionalProperties: false,
          properties: { models: { type: 'array', items: { type: 'string' } }, alpha: { type: 'number', maximum: 1 } },
        },
      }),
      'm/generate': declare({
        inputs: { parameters: json('parameters@1') },
        outputs: { bars: tree('bars@1'), notes: json('notes@1') },
        params: { type: 'object', properties: { ticker: { type: 'string' }, drift: { type: 'number' } } },
        uses: ['seed'],
      }),
      'm/check': declare({
        inputs: { bars: tree('bars@1'), run: json('run@1') },
        outputs: { report: file('report@1') },
      }),
    }),
  ),
  fileExists: (path) => path === 'notes.txt',
};

const wire = (stages: string, top = '') => {
  const text = `pipeline: demo\n${top}stages:\n${stages}`;
  const document = parseDocument('pipeline.yaml', text);
  expect(document.problems).toEqual([]);
  expect(checkValue(SCHEMA, document.value, document.place), text).toEqual([]);
  return { ...wireSpec(document, FACTS), text };
};
/** Problems as `code @ underlined text | hint`. */
const told = (stages: string, top?: string) => {
  const { problems, text } = wire(stages, top);
  return problems.map(({ code, place, hint }) => {
    const line = text.split('\n')[(place?.line ?? 0) - 1] ?? '';
    const part = line.slice((place?.column ?? 1) - 1, (place?.column ?? 1) - 1 + (place?.length ?? 0));
    return `${code} @ ${part}${hint ? ` | ${hint}` : ''}`;
  });
};
const CALIBRATE = '  calibrate: {uses: m/calibrate, in: {prices: source:*}, params: {models: [gbm]}}\n';
const GENERATE =
  '  generate: {uses: m/generate, map: {over: $tickers, as: ticker}, in: {parameters: calibrate.parameters}}\n';

test('a sound pipeline is frozen stage by stage in the order they can run', () => {
  const { spec, problems } = wire(
    `  report: {cmd: x, desc: mine, in: {bars: generate.bars, all: [source:spx, ./notes.txt]}, out: {page: file}, retries: 2, timeout: 90}
${GENERATE}${CALIBRATE}`,
    'dataset: {from: generate.bars, under: data/out}\n',
  );
  expect(problems).toEqual([]);
  expect(spec.stages.map(({ name, desc }) => `${name}: ${desc}`)).toEqual([
    'calibrate: from the code',
    'generate: from the code',
    'report: mine',
  ]);
  expect(spec.dataset).toEqual({ stage: 'generate', port: 'bars', under: 'data/out' });
  const [calibrate, generate, report] = spec.stages;
  expect(Object.keys(calibrate?.inputs.prices?.wires ?? {})).toEqual(['spx', 'apple']);
  expect(generate?.map).toEqual({ elements: ['AAPL', 'BRK.B'], as: 'ticker' });
  expect(report).toMatchObject({ retries: 2, timeoutMs: 90_000, code: { kind: 'command', cmd: 'x' } });
  expect(report?.inputs.all?.wires).toEqual({
    spx: { kind: 'source', name: 'spx' },
    'notes.txt': { kind: 'file', path: 'notes.txt' },
  });
  expect(report && needsOf(report)).toEqual(['generate']);
});

describe('[S1-68] what is wrong is named where it stands, with the nearest name', () => {
  test.each<[string, string, string[]]>([
    [
      'a stage that is not there',
      '  a: {cmd: x, in: {p: clibrate.report}, out: {o: file}}',
      ['spec/unknown-stage @ clibrate.report | did you mean `calibrate.report`?'],
    ],
    [
      'an output that is not there',
      '  a: {cmd: x, in: {p: calibrate.reports}, out: {o: file}}',
      ['spec/unknown-port @ calibrate.reports | did you mean `calibrate.report`?'],
    ],
    [
      'an output far from any',
      '  a: {cmd: x, in: {p: calibrate.zzzzzz}, out: {o: file}}',
      ['spec/unknown-port @ calibrate.zzzzzz | its output ports: parameters, report'],
    ],
    [
      'an input port that is not there',
      '  a: {uses: m/generate, in: {parameter: calibrate.parameters, parameters: calibrate.parameters}}',
      ['spec/unknown-port @ parameter | did you mean `parameters`?'],
    ],
    [
      'a wire that is missing',
      '  a: {uses: m/generate}',
      ['spec/missing-wire @ a | add `parameters: <stage>.<port>` under `in:`'],
    ],
    [
      'a source that is not there',
      '  a: {cmd: x, in: {p: source:aple}, out: {o: file}}',
      ['spec/unknown-source @ source:aple | did you mean `source:apple`?'],
    ],
    ['a file that is not there', '  a: {cmd: x, in: {p: ./note.txt}, out: {o: file}}', ['source/missing @ ./note.txt']],
    [
      'a path that leaves and comes back',
      '  a: {cmd: x, in: {p: ./a/./b}, out: {o: file}}',
      ['source/unsafe @ ./a/./b | write a plain relative path, or declare a source'],
    ],
    [
      'one wire named twice',
      '  a: {cmd: x, in: {p: [source:*, source:spx]}, out: {o: file}}',
      ['spec/bad-reference @ source:spx'],
    ],
    [
      'a list where one wire belongs',
      '  a: {uses: m/generate, in: {parameters: [calibrate.parameters]}}',
      ['spec/shape-mismatch @ [calibrate.parameters]'],
    ],
    [
      'another shape',
      '  a: {uses: m/generate, in: {parameters: calibrate.report}}',
      ['spec/shape-mismatch @ calibrate.report'],
    ],
    [
      'another kind',
      '  a: {uses: m/check, in: {bars: calibrate.report, run: $run}}',
      ['spec/shape-mismatch @ calibrate.report'],
    ],
    [
      'the facts of the run where a tree belongs',
      '  a: {uses: m/check, in: {bars: $run, run: $run}}',
      ['spec/shape-mismatch @ $run'],
    ],
    [
      'one value of a mapped stage, which gives one for each element',
      '  a: {uses: m/check, in: {bars: generate.bars, run: generate.notes}}',
      ['spec/shape-mismatch @ generate.notes'],
    ],
    [
      'a param that is not there',
      '  a: {uses: m/calibrate, in: {prices: source:*}, params: {models: [], alfa: 1}}',
      ['spec/unknown-param @ alfa | did you mean `alpha`?'],
    ],
    [
      'a param of another type',
      '  a: {uses: m/calibrate, in: {prices: source:*}, params: {models: [], alpha: high}}',
      ['spec/bad-param @ high'],
    ],
    [
      'a param out of its range, from the configuration',
      '  a: {uses: m/calibrate, in: {prices: source:*}, params: {models: [], alpha: $seed}}',
      ['spec/bad-param @ $seed'],
    ],
    ['a param that is missing', '  a: {uses: m/calibrate, in: {prices: source:*}}', ['spec/bad-param @ a | Add it']],
    [
      'a reference that leads nowhere',
      '  a: {cmd: x, params: {p: $model.drifd}, out: {o: file}}',
      ['spec/bad-reference @ $model.drifd | did you mean `$model.drift`?'],
    ],
    [
      'a reference into a list',
      '  a: {cmd: x, params: {p: $tickers.0}, out: {o: file}}',
      ['spec/bad-reference @ $tickers.0'],
    ],
    [
      'a reference to what every object has',
      '  a: {cmd: x, params: {p: $model.constructor}, out: {o: file}}',
      ['spec/bad-reference @ $model.constructor'],
    ],
    ['a map over nothing', '  a: {cmd: x, map: {over: $none, as: e}, out: {o: file}}', ['spec/bad-param @ $none']],
    [
      'a map over what is no list',
      '  a: {cmd: x, map: {over: $seed, as: e}, out: {o: file}}',
      ['spec/bad-param @ $seed'],
    ],
    [
      'a map over what is not there',
      '  a: {cmd: x, map: {over: $ticker, as: e}, out: {o: file}}',
      ['spec/bad-reference @ $ticker | did you mean `$tickers`?'],
    ],
    [
      'an element that cannot name a file',
      '  a: {cmd: x, map: {over: $bad, as: e}, out: {o: file}}',
      ['config/unsafe-name @ $bad | use letters, digits, and . _ ^ = - inside'],
    ],
    [
      'a stage that waits for itself',
      '  a: {cmd: x, in: {p: a.o}, out: {o: file}}',
      ['spec/cycle @ a | cut one of these wires'],
    ],
    [
      'stages that wait for each other',
      '  b: {cmd: x, in: {p: c.o}, out: {o: file}}\n  c: {cmd: x, in: {p: b.o}, out: {o: file}}',
      ['spec/cycle @ b | cut one of these wires'],
    ],
  ])('%s', (_, stage, problems) => {
    expect(told(`${CALIBRATE}${GENERATE}${stage}\n`)).toEqual(problems);
  });

  test.each([
    [
      'a dataset of a stage that is not there',
      'generat.bars',
      ['spec/unknown-stage @ generat.bars | did you mean `generate.bars`?'],
    ],
  ])('%s', (_, from, problems) => {
    expect(told(CALIBRATE + GENERATE, `dataset: {from: ${from}, under: data}\n`)).toEqual(problems);
  });

  test('all of it in one go', () => {
    const found =
      told(`${CALIBRATE}  a: {cmd: x, in: {p: clibrate.report, q: source:aple, r: ./no}, params: {p: $sed}, map: {over: $none, as: e}, out: {o: file}}
  b: {uses: m/generate, in: {parameter: calibrate.report}}
  c: {cmd: x, in: {p: c.o}, out: {o: file}}
`);
    expect(found.map((line) => line.split(' @')[0]).sort()).toEqual([
      'source/missing',
      'spec/bad-param',
      'spec/bad-reference',
      'spec/cycle',
      'spec/missing-wire',
      'spec/unknown-port',
      'spec/unknown-source',
      'spec/unknown-stage',
    ]);
  });

  test('what is known to be unknown is not told again: with a broken configuration or file of sources only wires are checked', () => {
    const document = parseDocument(
      'pipeline.yaml',
      'pipeline: x\nstages:\n  a: {cmd: x, in: {p: source:nope, q: no.o}, params: {p: $nope}, map: {over: $nope, as: e}, out: {o: file}}\n',
    );
    const { problems } = wireSpec(document, { ...FACTS, values: null, sourceNames: null });
    expect(problems.map(({ code }) => code)).toEqual(['spec/unknown-stage']);
  });

  test('a mismatch says what the wire gives, also when it is one value for each element', () => {
    const { problems } = wire(
      `${CALIBRATE}${GENERATE}  a: {uses: m/check, in: {bars: generate.bars, run: generate.notes}}\n`,
    );
    expect(problems[0]?.message).toContain('a tree of json notes@1, one for each element');
  });
});

test.each([
  ['90', 90_000],
  ['0.5', 500],
  ['0.0000001', 1],
  ['500ms', 500],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['2h', 7_200_000],
])('a timeout of %s is %i ms', (text, ms) => {
  expect(wire(`  a: {cmd: x, timeout: ${text}, out: {o: file}}\n`).spec.stages[0]?.timeoutMs).toBe(ms);
});
