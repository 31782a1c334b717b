// Makes a whole pipeline again in a scratch folder, in a process of its own: what `check` and `reproduce` compare.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nowIso } from '../lib/base/clock.ts';
import { sha256 } from '../lib/base/digest.ts';
import { type Problem, ProblemError } from '../lib/base/problem.ts';
import type { Recorded } from '../lib/engine/checked.ts';
import type { Listener } from '../lib/engine/event.ts';
import { loadPipeline } from '../lib/engine/load.ts';
import { openProject, type Project } from '../lib/engine/project.ts';
import { runStages } from '../lib/engine/run.ts';
import { settling } from '../lib/engine/settings.ts';
import { allCode } from '../lib/engine/unit-code.ts';
import type { Artifact, LinkType } from '../lib/store/blob.ts';
import { type ConfigFlags, openPool, type Program } from './open.ts';

export interface RemakeRequest {
  /** The project, which is only read. */
  readonly root: string;
  /** Where everything made lies: store, state, outputs. */
  readonly scratch: string;
  readonly jobs: number;
  readonly trapped: boolean;
  readonly disturb: number | null;
  /** Seed of the order in which ready stages start; null is the declared order. */
  readonly shuffle: number | null;
  readonly flags: ConfigFlags;
  readonly recorded?: Recorded;
  /** Make nothing unless the code of the pipeline has this id. */
  readonly gitSha?: string;
}

export interface RemadeUnit {
  readonly stage: string;
  readonly element: string | null;
  readonly key: string;
  readonly outputs: Readonly<Record<string, Artifact>>;
}

export interface Remade {
  readonly datasetId: string | null;
  readonly configHash: string;
  readonly gitSha: string;
  /** Source path or `npm:name@version` -> id, of all stages. */
  readonly code: Readonly<Record<string, string>>;
  /** The dataset's tree; null when the pipeline has none or it was not made. */
  readonly dataset: Artifact | null;
  /** In pipeline order. */
  readonly units: readonly RemadeUnit[];
  readonly problems: readonly Problem[];
}

/** The project with everything it makes in a scratch folder: its own store, state and outputs, the user's untouched. */
export function openApart(root: string, own: string, scratch: string, links: readonly LinkType[] = ['copy']): Project {
  return openProject({ root, workspace: scratch, own, cacheDir: join(scratch, 'cache'), links });
}

/** The act of the child: every stage, nothing cached, no effect outside the scratch folder. */
async function remake(program: Program, request: RemakeRequest, signal: AbortSignal): Promise<Remade> {
  const { root, scratch, jobs, trapped, disturb, shuffle, flags, recorded, gitSha } = request;
  const project = openApart(root, program.own, scratch, ['hardlink', 'copy']);
  const pool = openPool(project, { jobs, trapped, disturb });
  const stop = () => void pool.close();
  signal.addEventListener('abort', stop);
  try {
    const { config, profile, seed, set } = flags;
    const pipeline = await loadPipeline(
      project,
      {
        flags: { ...(profile && { profile }), ...(seed && { seed }), ...(set && { set }) },
        env: process.env,
        ...(config && { configFile: config }),
        ...(recorded && { recorded }),
        build: program.build,
        describe: (bundle) => pool.describe(bundle),
      },
      () => {},
    );
    const { spec, run, code, wiring } = pipeline;
    const asked = gitSha === undefined || gitSha === run.gitSha ? spec.stages.map(({ name }) => name) : [];
    const made = new Map<string, RemadeUnit>();
    const note: Listener = (event) => {
      if (event.type !== 'unit-finished') return;
      const { stage, element, key } = event;
      const outputs = project.receipts.read(key)?.outputs ?? {};
      made.set(`${stage}\n${element ?? ''}`, { stage, element, key, outputs });
    };
    const result = await runStages(
      project,
      pipeline,
      settling(pool, pipeline),
      {
        run: 'remake',
        stages: new Set(asked),
        force: false,
        keepGoing: true,
        provenance: () => Promise.resolve({ head: null, dirty: null }),
        codeDir: project.paths.code,
        at: nowIso(),
        shuffle: shuffle === null ? null : picker(shuffle),
        signal,
      },
      note,
    );
    // In declared order, whatever order they were made in.
    const units = spec.stages.flatMap(({ name, map }) =>
      (map?.elements ?? ['']).flatMap((element) => made.get(`${name}\n${element}`) ?? []),
    );
    const { dataset } = spec;
    return {
      datasetId: dataset && run.datasetId,
      configHash: run.configHash,
      gitSha: run.gitSha,
      code: allCode(spec, code, wiring),
      dataset: (dataset && result.done.get(dataset.stage)?.outputs[dataset.port]) ?? null,
      units,
      problems: result.failed.flatMap(({ problems }) => problems),
    };
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
}

/** Numbers from 0 to n - 1 that replay from their seed. */
function picker(seed: number): (n: number) => number {
  let drawn = 0;
  return (n) => Number.parseInt(sha256(`${seed} ${drawn++}`).slice(0, 8), 16) % n;
}

/** Entry of the child process: request and result are files of the scratch folder. */
export async function remakeChild(program: Program, scratch: string, signal: AbortSignal): Promise<void> {
  const request = JSON.parse(readFileSync(join(scratch, 'request.json'), 'utf8')) as RemakeRequest;
  let result: Remade | { readonly failed: readonly Problem[] };
  try {
    result = await remake(program, request, signal);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    result = { failed: error.problems };
  }
  writeFileSync(join(scratch, 'result.json'), JSON.stringify(result));
}

/** Make the pipeline again in a child process that runs in the scratch folder. Throws what kept it from starting; failures of stages are in the result. */
export async function remakeApart(
  own: string,
  request: RemakeRequest,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Remade> {
  const { scratch } = request;
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, 'request.json'), JSON.stringify(request));
  const child = spawn(process.execPath, [join(own, 'dist', 'pipeline.cjs'), 'remake', scratch], {
    cwd: scratch,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString('utf8')));
  const status = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  if (signal.aborted) throw new ProblemError({ code: 'interrupted', message: 'stopped while making it again' });
  if (status !== 0)
    throw new ProblemError({
      code: 'stage/failed',
      message: `the process that makes the pipeline again left with status ${status}`,
      facts: { said: said.trimEnd().split('\n').slice(-8).join('\n') },
    });
  const result = JSON.parse(readFileSync(join(scratch, 'result.json'), 'utf8')) as
    | Remade
    | { readonly failed: readonly Problem[] };
  if ('failed' in result) throw new ProblemError(result.failed);
  return result;
}
