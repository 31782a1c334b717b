// Manifest: everything a dataset is and came from, as a function of keys only: no date, no host, no path, no commit (settled point 4).
import schema from '../../config/schema/manifest.schema.json' with { type: 'json' };
import type { Json } from '../../lib/base/canon.ts';
import { md5, sha256 } from '../../lib/base/digest.ts';
import { raise } from '../../lib/base/problem.ts';
import { checkValue } from '../../lib/base/schema.ts';
import { file, type JsonInput, json, tree, trees } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';
import { emptyValues, makeTable } from '../../lib/table/column.ts';
import { readParquetSchema } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { datasetFiles } from './dataset.ts';
import type { CalibrationReport, EnvironmentReport, RunFacts } from './shapes.ts';
import { BARS_SHAPE, COSTS_SHAPE, FEATURES_SHAPE, QUOTES_SHAPE } from './tables.ts';

/** Parquet's own name for a file that holds a schema and no rows; the only Parquet file that knows the dataset (settled point 3). */
export const COMMON = '_common_metadata';

export const manifest = defineStage<Record<string, never>>()({
  summary: 'digests, rows, inputs, configuration, code and packages of the dataset',
  params: { type: 'object', properties: {} },
  inputs: {
    run: json<RunFacts>('run'),
    sources: trees('any'),
    bars: tree(BARS_SHAPE),
    features: tree(FEATURES_SHAPE),
    latent: trees('market/latent@1'),
    quotes: tree(QUOTES_SHAPE),
    costs: tree(COSTS_SHAPE),
    environment: json<EnvironmentReport>('market/environment-report@1'),
    notes: tree('market/notes@1'),
    validation: json<unknown>('market/validation@1'),
    calibration: json<CalibrationReport>('market/calibration@1'),
  },
  outputs: { manifest: json<Json>('market/manifest@1'), common: file('parquet/common@1') },
  run({ in: inputs, out, progress }) {
    const { run, sources, bars, notes } = inputs;
    const facts = run.value;
    const first = bars.names()[0];
    const { schema: barsSchema } = readParquetSchema(bars.bytes(first as string));
    const columns = Object.fromEntries(barsSchema.fields.map(({ name, type }) => [name, emptyValues(type, 0)]));
    const common = writeParquet(
      makeTable(
        { ...barsSchema, metadata: { ...barsSchema.metadata, 'marketloom:dataset_id': facts.dataset_id } },
        columns,
      ),
    );
    out.common.write(common);

    const listed = datasetFiles(inputs);
    const files = listed.map(({ path, from, entry }, i) => {
      const bytes = entry === undefined ? (from as JsonInput<unknown>).bytes() : (from as typeof bars).bytes(entry);
      progress(i + 1, listed.length, 'files');
      return { path, ...fileFacts(path, bytes) };
    });
    files.push({ path: COMMON, ...fileFacts(`${COMMON}.parquet`, common) });
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    const warnings = notes
      .names()
      .flatMap(
        (name) => (JSON.parse(Buffer.from(notes.bytes(name)).toString('utf8')) as { warnings: Json[] }).warnings,
      );
    const value = {
      format: 1,
      synthetic: true,
      dataset_id: facts.dataset_id,
      config_hash: facts.config_hash,
      git_sha: facts.git_sha,
      seed: facts.seed,
      generator_version: facts.generator_version,
      config: facts.config,
      inputs: Object.entries(sources).map(([name, source]) => ({
        name,
        entry: facts.sources[name],
        md5: source.digest,
        files: source.names().map((entry) => ({ path: entry, ...source.entry(entry) })),
      })),
      source_defaults: facts.source_defaults,
      warnings: [
        ...inputs.environment.value.warnings,
        ...warnings,
        ...inputs.calibration.value.notes.map((message) => ({ code: 'calibration/note', message })),
      ],
      rows: files.filter(({ path }) => path.startsWith('ohlcv/')).reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      files,
      packages: facts.packages,
      code: facts.code,
    } as unknown as Json;
    raise(checkValue(schema, value));
    out.manifest.write(value);
  },
});

function fileFacts(
  name: string,
  bytes: Uint8Array,
): { rows: number | null; bytes: number; md5: string; sha256: string; logical_sha256: string | null } {
  const table = name.endsWith('.parquet') ? readParquetSchema(bytes) : null;
  return {
    rows: table?.rows ?? null,
    bytes: bytes.length,
    md5: md5(bytes),
    sha256: sha256(bytes),
    logical_sha256: table?.logicalHash ?? null,
  };
}
