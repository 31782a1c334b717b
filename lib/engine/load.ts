// From the files a user wrote to a frozen plan of the pipeline; what was checked once is not checked again until a file changes.
import { resolve } from 'node:path';
import { canon, type Json } from '../base/canon.ts';
import { type GitOid, sha256Json } from '../base/digest.ts';
import { type Problem, ProblemError, raise } from '../base/problem.ts';
import type { Artifact } from '../store/blob.ts';
import { readTextIfAny, writeAtomic } from '../store/files.ts';
import { type BuiltCode, buildCode, type CodeRoots } from './build.ts';
import type { Checked, LoadOptions, Reader, Recorded } from './checked.ts';
import type { Listener } from './event.ts';
import { codeSha, configHash, datasetId } from './key.ts';
import type { JsonMap } from './leaves.ts';
import type { Project } from './project.ts';
import type { PlaceOf } from './settings.ts';
import { importSource, type SourceSpec } from './sources.ts';
import { allCode } from './unit-code.ts';
import { givenName, type Loaded } from './units.ts';

export interface Pipeline extends Loaded {
  readonly config: JsonMap;
  readonly profile: string;
  readonly variables: readonly string[];
  readonly wiring: GitOid;
  readonly sources: readonly SourceSpec[];
  /** `source:name` and `./path` -> what was imported now. */
  readonly imported: readonly string[];
  readonly codeRoots: CodeRoots;
  /** Where params are written. */
  readonly places: () => Promise<PlaceOf>;
}

export async function loadPipeline(project: Project, options: LoadOptions, emit: Listener): Promise<Pipeline> {
  const codeRoots: CodeRoots = {
    project: project.root,
    own: project.own,
    codeDir: project.paths.code,
    tmp: project.tmp,
  };
  const { checked, code } = await check(project, codeRoots, options);
  const { given, imported } = importGiven(project, checked, options.recorded);
  for (const name of imported) {
    const artifact = given.get(name) as Artifact;
    if (name.startsWith('source:'))
      emit({ type: 'source-imported', source: name.slice(7), md5: artifact.md5, sizeBytes: artifact.size });
  }
  const { spec, seed, generatorVersion, identity, sourceDefaults } = checked;
  const values = new Map(checked.sources.map(({ name, value }) => [`source:${name}`, value]));
  const inputs = Object.fromEntries(
    [...given].map(([name, { md5 }]) => [name, { md5, value: values.get(name) ?? null }]),
  );
  const hash = configHash(identity, inputs, sourceDefaults);
  const { gitSha } = checked;
  const id = checked.legacyId ?? datasetId({ configHash: hash, seed, generatorVersion, gitSha });
  const facts = () => ({
    dataset_id: id,
    config_hash: hash,
    git_sha: gitSha,
    seed,
    generator_version: generatorVersion,
    config: identity,
    sources: Object.fromEntries(checked.sources.map(({ name, value }) => [name, value])),
    source_defaults: sourceDefaults,
    ...splitCode(allCode(spec, code, checked.wiring)),
  });
  // Only a stage that is wired to the run's facts needs them as an artifact.
  const wired = spec.stages.some(({ inputs }) =>
    Object.values(inputs).some(({ wires }) => Object.values(wires).some(({ kind }) => kind === 'run')),
  );
  const artifact = wired ? project.store.put(canon(facts() as Json)) : null;
  const stamp = sha256Json([checked.question, checked.files, checked.codeHash]);
  return {
    ...checked,
    code,
    given,
    imported,
    codeRoots,
    places: async () => {
      const { placesOf } = await import('./check.ts');
      return placesOf(project, options, (file) => readTextIfAny(resolve(project.root, file)));
    },
    stamp,
    run: { datasetId: id, configHash: hash, gitSha, artifact },
  };
}

/** Sources and packages apart; both are named in the manifest. */
function splitCode(all: Readonly<Record<string, string>>): {
  code: Record<string, string>;
  packages: Record<string, string>;
} {
  const code: Record<string, string> = {};
  const packages: Record<string, string> = {};
  for (const name of Object.keys(all).sort()) {
    if (name.startsWith('npm:')) packages[name.slice(4)] = all[name] as string;
    else code[name] = all[name] as string;
  }
  return { code, packages };
}

async function check(
  project: Project,
  roots: CodeRoots,
  options: LoadOptions,
): Promise<{ checked: Checked; code: BuiltCode }> {
  const question = canon(
    JSON.parse(
      JSON.stringify([
        options.build,
        options.flags,
        options.configFile ?? null,
        environment(options.env),
        options.recorded ?? null,
      ]),
    ) as Json,
  );
  const known = readChecked(project);
  const holds = (file: string, md5: string | null) =>
    (project.marks.md5(resolve(project.root, file))?.md5 ?? null) === md5;
  if (
    known !== null &&
    known.question === question &&
    Object.entries(known.files).every(([file, md5]) => holds(file, md5))
  ) {
    const code = await buildCode(roots, known.entries, project.marks);
    // A stage whose code changed may declare other ports: check the wires again.
    if (known.codeHash === hashOf(code)) return { checked: known, code };
  }
  const files: Record<string, string | null> = {};
  const read: Reader = (file) => {
    const path = resolve(project.root, file);
    files[file] = project.marks.md5(path)?.md5 ?? null;
    return readTextIfAny(path);
  };
  const { checkAll } = await import('./check.ts');
  const fresh = await checkAll(project, roots, options, read);
  const { spec } = fresh.checked;
  const gitSha = codeSha(allCode(spec, fresh.code, fresh.checked.wiring));
  const checked = { format: 1 as const, question, files, ...fresh.checked, gitSha, codeHash: hashOf(fresh.code) };
  writeAtomic(project.paths.spec, JSON.stringify(checked), project.tmp, { fsync: false });
  return { checked, code: fresh.code };
}

/** Names the sources and packages that were checked; comments count, because they are part of the git SHA. */
function hashOf(code: BuiltCode): string {
  const ids = Object.entries(code.sources).map(([path, { oid }]) => [path, oid]);
  return sha256Json([ids, code.packages]);
}

/** Names of the environment that can change what is resolved. */
function environment(env: LoadOptions['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith('PIPELINE_') && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function readChecked(project: Project): Checked | null {
  try {
    const value = JSON.parse(readTextIfAny(project.paths.spec) ?? 'null') as Checked | null;
    return value?.format === 1 ? value : null;
  } catch {
    return null;
  }
}

/** Import every source and workspace file that some stage is wired to. */
function importGiven(project: Project, checked: Checked, recorded?: Recorded) {
  const given = new Map<string, Artifact>();
  const imported: string[] = [];
  const problems: Problem[] = [];
  const byName = new Map(checked.sources.map((source) => [source.name, source]));
  for (const stage of checked.spec.stages) {
    for (const { wires } of Object.values(stage.inputs)) {
      for (const wire of Object.values(wires)) {
        if (wire.kind !== 'source' && wire.kind !== 'file') continue;
        const name = givenName(wire);
        if (given.has(name)) continue;
        const fixed = wire.kind === 'source' && recorded?.sources.find((source) => source.name === wire.name);
        if (fixed) {
          given.set(name, fixed.artifact);
          continue;
        }
        const source =
          wire.kind === 'source'
            ? (byName.get(wire.name) as SourceSpec)
            : { name: wire.path, path: wire.path, value: null };
        try {
          const found = importSource(project, source);
          given.set(name, found.artifact);
          if (found.imported) imported.push(name);
        } catch (error) {
          if (!(error instanceof ProblemError)) throw error;
          problems.push(...error.problems);
          given.set(name, { md5: '' as Artifact['md5'], size: 0 });
        }
      }
    }
  }
  raise(problems);
  return { given, imported };
}
