// A small project with a dataset for tests of what happens around dvc: sources, a mapped stage, a stage in TypeScript, settings.
import { stageFile } from '../proof/rig.ts';

const PIPELINE = `pipeline: demo
config: { file: config.yml, schema: schema.json }
sources: sources.yml
identity: { seed: $seed }
dataset: { from: publish.dataset, under: data/synthetic }
stages:
  prices:
    cmd: cat in/raw > out/bars; printf 'seed %s since %s\\n' "$PARAM_SEED" "$PARAM_START" >> out/bars; cat in/notes >> out/bars
    in: { raw: source:raw, more: source:more, notes: ./notes.txt }
    params: { seed: $seed, start: $start, nothing: null, empty: [], map: { size: 3, rate: 1.0e-5 } }
    out: { bars: file }
  shards:
    cmd: sort in/bars > "out/parts/$PARAM_TICKER.txt"; echo "$PARAM_TICKER" >> "out/parts/$PARAM_TICKER.txt"
    map: { over: [AAPL, MSFT], as: ticker }
    in: { bars: prices.bars }
    out: { parts: tree }
  loud:
    uses: ./loud.ts
    in: { bars: prices.bars }
  report:
    cmd: printf '{"rows":3,"passed":true}' > out/report
    in: { parts: shards.parts }
    out: { report: json }
  publish:
    cmd: cp -rL in/parts/. out/dataset/; mkdir out/dataset/reports; cp in/report out/dataset/reports/report.json; cp in/loud out/dataset/loud.txt
    in: { parts: shards.parts, report: report.report, loud: loud.out }
    out: { dataset: tree }
`;

const LEAF = { type: 'object', 'x-identity': false };

export const DEMO: Readonly<Record<string, string>> = {
  'pipeline.yaml': PIPELINE,
  'config.yml': 'seed: 7\nstart: "2020-01-01"\n',
  'schema.json': JSON.stringify({
    type: 'object',
    properties: {
      seed: { type: 'integer' },
      start: { type: 'string' },
      versioning: LEAF,
      retention: LEAF,
      dataset_id_strategy: { type: 'string', 'x-identity': false },
    },
  }),
  'sources.yml': 'sources:\n  raw: raw.csv\n  more: more\n',
  'raw.csv': 'b\na\n',
  'more/one.txt': 'one\n',
  'more/sub/two.txt': 'two\n',
  'notes.txt': 'notes\n',
  'words.ts': 'export const shout = (text: string) => text.toUpperCase();\n',
  'loud.ts': stageFile({
    head: "import { shout } from './words.ts';",
    inputs: "bars: file('any')",
    body: "ctx.out.out.write(shout(Buffer.from(ctx.in.bars.bytes()).toString('utf8')));",
  }),
  '.gitignore': '/logs\n/node_modules\n',
};
