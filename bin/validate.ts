// `pipeline validate`: runs the market's checks again on a published dataset, by the code of the bridge, and shows their report.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from '../lib/base/document.ts';
import { ProblemError, raise } from '../lib/base/problem.ts';
import { type Dataset, findDataset } from '../lib/dvc/datasets.ts';
import { buildCode } from '../lib/engine/build.ts';
import type { InputFile } from '../lib/engine/executor.ts';
import { missingBlob } from '../lib/store/blob.ts';
import { walk } from '../lib/store/files.ts';
import { type Data, datasetsUnder } from './data.ts';
import { openPool, type Program } from './open.ts';
import { openApart } from './remake.ts';

export interface Validated {
  readonly dataset: string;
  readonly passed: boolean;
  readonly summary: string;
  /** What the stage wrote; the door does not look inside. */
  readonly report: unknown;
}

/** Check the files in the dataset's folder, or when it has none those in the store. */
export async function validate(program: Program, data: Data, word: string): Promise<Validated> {
  const { root } = data.project;
  const dataset = findDataset(root, datasetsUnder(data), word);
  const files = filesOf(data, dataset);
  const scratch = mkdtempSync(join(tmpdir(), 'marketloom-validate-'));
  const project = openApart(root, program.own, scratch);
  const pool = openPool(project, { jobs: 1 });
  try {
    const entry = recheckOf(root, program.own);
    const { code: codeDir } = project.paths;
    const code = await buildCode(
      { project: root, own: program.own, codeDir, tmp: project.store.tmp },
      [entry],
      project.marks,
    );
    const { outputs, verdict } = await pool.submit(
      {
        id: 0,
        stage: 'recheck',
        element: null,
        key: dataset.artifact.md5,
        code: { kind: 'module', bundle: join(codeDir, code.bundles[entry] as string), plugins: {} },
        params: {},
        seed: null,
        generatorVersion: null,
        inputs: { dataset: { kind: 'tree', many: false, artifacts: { '': { md5: dataset.artifact.md5, files } } } },
        outputs: { validation: { kind: 'json' } },
        timeoutMs: null,
      },
      () => {},
    );
    const report: unknown = JSON.parse(readFileSync(outputs.validation?.[0]?.temp as string, 'utf8'));
    return {
      dataset: dataset.name,
      passed: verdict?.passed === true,
      summary: verdict?.summary ?? 'no verdict',
      report,
    };
  } finally {
    await pool.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function filesOf({ project }: Data, { path, artifact }: Dataset): InputFile[] {
  const { root, store, marks } = project;
  const folder = join(root, path);
  if (existsSync(folder))
    return walk(folder).flatMap(({ relpath }) => {
      const found = marks.md5(join(folder, relpath));
      return found === null ? [] : [{ relpath, ...found, path: join(folder, relpath) }];
    });
  const [gone] = store.missing(artifact);
  if (gone !== undefined) throw new ProblemError(missingBlob(gone));
  return store.readTree(artifact.md5).map(({ relpath, md5 }) => {
    return { relpath, md5, size: store.size(md5), path: store.path(md5) };
  });
}

/** Each pipeline may have a stage `<pipeline>/recheck` that takes a dataset of it and gives a verdict. */
function recheckOf(root: string, own: string): string {
  const { value, problems } = parseDocument('pipeline.yaml', readFileSync(join(root, 'pipeline.yaml'), 'utf8'));
  raise(problems);
  const { pipeline } = value as { pipeline?: unknown };
  const entry = `stages/${pipeline}/recheck.ts`;
  if (existsSync(join(root, entry))) return entry;
  if (existsSync(join(own, entry))) return `marketloom/${entry}`;
  throw new ProblemError({
    code: 'spec/unknown-stage',
    message: `the pipeline \`${pipeline}\` has no checks for a published dataset`,
    hint: `they would be in ${entry}`,
  });
}
