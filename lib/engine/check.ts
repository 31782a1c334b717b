// Checks everything a user wrote before anything runs: documents, configuration, sources, wires; all problems in one go.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { canon, type Json } from '../base/canon.ts';
import { type GitOid, gitBlob } from '../base/digest.ts';
import { type Document, type Path, parseDocument } from '../base/document.ts';
import { LEGACY_WIRING, legacyDatasetId } from '../base/legacy-id.ts';
import { nearest } from '../base/nearest.ts';
import type { Place } from '../base/place.ts';
import { type Problem, ProblemError, raise } from '../base/problem.ts';
import { checkSchema, checkValue, type Schema } from '../base/schema.ts';
import { readText, readTextIfAny, walk } from '../store/files.ts';
import { isSafeName } from '../store/tree.ts';
import { type BuiltCode, buildCode, type CodeRoots } from './build.ts';
import type { Checked, LoadOptions, Reader, Recorded } from './checked.ts';
import { type ConfigInputs, resolveConfig } from './config.ts';
import { declarer, keptDocument } from './kept.ts';
import type { JsonMap } from './leaves.ts';
import { picksOf, pluginFile } from './plugins.ts';
import type { Project } from './project.ts';
import type { PlaceOf } from './settings.ts';
import { filesOf, leadsElsewhere, type SourceSpec } from './sources.ts';
import type { Declaration, RawPipeline, Spec } from './spec.ts';
import { wireSpec } from './wiring.ts';

export async function checkAll(
  project: Project,
  roots: CodeRoots,
  options: LoadOptions,
  read: Reader,
): Promise<{ checked: Omit<Checked, 'format' | 'question' | 'files' | 'gitSha' | 'codeHash'>; code: BuiltCode }> {
  const document = required(read, 'pipeline.yaml');
  raise(document.problems);
  const problems: Problem[] = checkValue(ownSchema(project, 'pipeline'), document.value, document.place);
  raise(problems);
  const raw = document.value as unknown as RawPipeline;

  /** What cannot be read or built is told beside all else that is wrong. */
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | null> => {
    const before = problems.length;
    try {
      const done = await work();
      return problems.length > before ? null : done;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
      return null;
    }
  };
  const resolved = await attempt(() => resolveAll(project, raw, document, options, read, problems));
  const sources = await attempt(() => {
    if (options.recorded) return recordedSources(options.recorded);
    if (raw.sources === undefined) return { specs: [], values: {}, defaults: {} as JsonMap, place: null };
    return readSources(project, required(read, raw.sources, at(document, ['sources'])), problems);
  });
  const used = usedEntries(project, raw, document, read, problems);
  const entries = [...new Set(used.values())];
  let code = await attempt(() => buildCode(roots, entries, project.marks));
  const declared = declarer(roots, options, code);
  const declarations = new Map<string, Declaration & { entry: string }>();
  for (const [uses, entry] of code === null ? [] : used) {
    const declaration = await attempt(() => declared.of(entry));
    if (declaration === null) continue;
    const prefix = entry.startsWith('marketloom/') ? 'marketloom/' : '';
    const selects = Object.fromEntries(
      Object.entries(declaration.selects).map(([param, catalog]) => [param, prefix + catalog]),
    );
    declarations.set(uses, { ...declaration, selects, entry });
  }
  declared.keep();

  // Problems of the configuration must not come back as references that lead nowhere; the wires are checked all the same.
  const values =
    resolved === null || sources === null
      ? null
      : ({ ...resolved.value, sources: sources.values, source_defaults: sources.defaults } as JsonMap);
  const wired = wireSpec(document, {
    values,
    declarations,
    sourceNames: sources?.specs.map(({ name }) => name) ?? null,
    fileExists: (path) => existsSync(join(project.root, path)),
  });
  problems.push(...wired.problems);
  if (!options.recorded && sources !== null) problems.push(...absentSources(project, sources.specs, wired.spec));
  const placeOf = placesIn(raw, document, resolved, sources);
  const plugins = pluginEntries(project, wired.spec, placeOf, read, problems);
  if (plugins.length > 0 && code !== null) {
    entries.push(...plugins.filter((file) => !entries.includes(file)));
    code = await attempt(() => buildCode(roots, entries, project.marks));
  }
  const seed = identityValue(raw, 'seed', document, resolved, problems);
  const generatorVersion = identityValue(raw, 'generator_version', document, resolved, problems);
  raise(problems);
  if (resolved === null || sources === null || code === null) throw new Error('what failed has told no problem');
  const wiring = wiringId(raw);
  const checked = {
    spec: wired.spec,
    entries,
    config: resolved.value,
    identity: resolved.identity,
    profile: resolved.profile,
    variables: resolved.variables,
    wiring,
    sources: sources.specs,
    sourceDefaults: sources.defaults,
    seed: seed as number | string | null,
    generatorVersion: generatorVersion as string | null,
    legacyId:
      generatorVersion === 'v0' && (options.recorded !== undefined || wiring === LEGACY_WIRING)
        ? legacyId(resolved, options.recorded, (flags) =>
            resolveAll(project, raw, document, { ...options, env: {}, flags }, read, []),
          )
        : null,
  };
  return { checked, code };
}

function placesIn(
  raw: RawPipeline,
  document: Document,
  resolved: Resolved | null,
  sources: { readonly place: ((path: Path) => Place) | null } | null,
): PlaceOf {
  return (stage, param, path) => {
    const reference = raw.stages[stage]?.params?.[param];
    if (typeof reference !== 'string' || !reference.startsWith('$'))
      return document.place(['stages', stage, 'params', param, ...path]);
    const at = [...reference.slice(1).split('.'), ...path];
    return at[0] === 'sources' ? sources?.place?.(at) : resolved?.place(at);
  };
}

/** Where params of a pipeline that was checked before are written, as its files stand now; nowhere in a recorded one. */
export function placesOf(project: Project, options: LoadOptions, read: Reader): PlaceOf {
  if (options.recorded) return () => undefined;
  const document = required(read, 'pipeline.yaml');
  const raw = document.value as unknown as RawPipeline;
  const resolved = resolveAll(project, raw, document, options, read, []);
  const sources = raw.sources === undefined ? null : readSources(project, required(read, raw.sources), []);
  return placesIn(raw, document, resolved, sources);
}

/** Wired sources that name no file; a run would only find out after everything else was checked. */
function absentSources(project: Project, sources: readonly SourceSpec[], spec: Spec): Problem[] {
  const wires = spec.stages.flatMap(({ inputs }) =>
    Object.values(inputs).flatMap((input) => Object.values(input.wires)),
  );
  const wired = new Set(wires.flatMap((wire) => (wire.kind === 'source' ? [wire.name] : [])));
  return sources.flatMap((source) => {
    if (!wired.has(source.name)) return [];
    try {
      filesOf(project, source);
      return [];
    } catch (error) {
      if (error instanceof ProblemError) return error.problems;
      throw error;
    }
  });
}

function at(document: Document, path: (string | number)[]) {
  return document.place(path, 'value');
}

function required(read: Reader, file: string, place?: Problem['place'], parse = parseDocument): Document {
  const text = read(file);
  if (text !== null) return parse(file, text);
  throw missingFile(file, place);
}

function missingFile(file: string, place: Problem['place']): ProblemError {
  return new ProblemError({
    code: 'config/missing-file',
    message: `there is no file \`${file}\``,
    ...(place && { place }),
  });
}

/** Schemas of the files this program reads; they also give editors completion. */
function ownSchema(project: Project, name: string): Schema {
  return JSON.parse(readText(join(project.own, 'config', 'schema', `${name}.schema.json`))) as Schema;
}

/** What pipeline.yaml itself says of the results: which code, which wires, which literal values; not retries or descriptions. */
export function wiringId({ pipeline, identity, dataset, stages }: RawPipeline): GitOid {
  const parts = Object.entries(stages).map(([name, { desc: _d, retries: _r, timeout: _t, ...stage }]) => [name, stage]);
  const said = { pipeline, identity, dataset: dataset?.from, stages: Object.fromEntries(parts) };
  return gitBlob(Buffer.from(canon(JSON.parse(JSON.stringify(said)) as Json)));
}

interface Resolved {
  readonly value: JsonMap;
  readonly identity: JsonMap;
  readonly profile: string;
  readonly variables: readonly string[];
  place(path: Path): Place | undefined;
}

const NO_CONFIG: Resolved = { value: {}, identity: {}, profile: 'default', variables: [], place: () => undefined };

function resolveAll(
  project: Project,
  raw: RawPipeline,
  document: Document,
  options: LoadOptions,
  read: Reader,
  problems: Problem[],
): Resolved {
  if (raw.config === undefined) return NO_CONFIG;
  const { recorded } = options;
  const base = recorded
    ? parseDocument('manifest.json', JSON.stringify(recorded.config))
    : required(read, options.configFile ?? raw.config.file, at(document, ['config', 'file']));
  const optional = (name: 'profiles' | 'presets') => {
    const file = recorded ? undefined : raw.config?.[name];
    const parse = (...of: [string, string]) => keptDocument(project, `${name}.json`, options.build, ...of);
    return file === undefined ? null : required(read, file, at(document, ['config', name]), parse);
  };
  const schema = schemaOf(project, raw.config.schema, document, read);
  const over = recorded ? { env: {}, flags: {}, again: true } : { env: options.env, flags: options.flags };
  const found = resolveConfig({ schema, base, profiles: optional('profiles'), presets: optional('presets'), ...over });
  problems.push(...found.problems);
  return found.config ?? NO_CONFIG;
}

/** The schema of a project's configuration; this package has one for the market pipeline. */
function schemaOf(project: Project, file: string, document: Document, read: Reader): Schema {
  const place = at(document, ['config', 'schema']);
  const text = read(file) ?? readTextIfAny(join(project.own, file));
  if (text === null) throw missingFile(file, place);
  try {
    const schema = JSON.parse(text) as Schema | null;
    if (schema?.type !== 'object') throw new TypeError('its type must be `object`');
    checkSchema(schema);
    return schema;
  } catch (cause) {
    const message = `\`${file}\` is no JSON Schema: ${(cause as Error).message}`;
    throw new ProblemError({ code: 'config/invalid', message, ...(place && { place }) }, { cause });
  }
}

function readSources(project: Project, document: Document, problems: Problem[]) {
  problems.push(...document.problems);
  if (document.problems.length === 0)
    problems.push(...checkValue(ownSchema(project, 'sources'), document.value, document.place));
  const { sources = {}, ...defaults } = (document.value ?? {}) as { sources?: Record<string, string | JsonMap> };
  const specs: SourceSpec[] = [];
  const values: Record<string, Json> = {};
  for (const [name, entry] of Object.entries(sources)) {
    const { path, ...rest } = typeof entry === 'string' ? { path: entry } : { ...entry };
    // The place of a source never enters a hash; its file name does, because findings speak of it.
    const value = { ...rest, file: basename(String(path)) } as Json;
    specs.push({ name, path: String(path), value, place: document.place(['sources', name], 'value') });
    values[name] = value;
  }
  return { specs, values, defaults: defaults as JsonMap, place: (path: Path) => document.place(path) };
}

function recordedSources({ sources, sourceDefaults: defaults }: Recorded) {
  // Their bytes are in the store already: a name is all the path that is left.
  const specs = sources.map(({ name, entry }): SourceSpec => ({ name, path: String(entry.file), value: entry }));
  return { specs, values: Object.fromEntries(sources.map(({ name, entry }) => [name, entry])), defaults, place: null };
}

/** `uses:` -> the entry of its code; what does not exist is a problem. */
function usedEntries(
  project: Project,
  raw: RawPipeline,
  document: Document,
  read: Reader,
  problems: Problem[],
): Map<string, string> {
  const used = new Map<string, string>();
  for (const [name, { uses }] of Object.entries(raw.stages)) {
    if (uses === undefined) continue;
    const entry = uses.startsWith('./') ? uses.slice(2) : `stages/${uses}.ts`;
    // Read, so that a file which appears there later is noticed.
    if (read(entry) !== null) used.set(uses, entry);
    else if (!uses.startsWith('./') && existsSync(join(project.own, entry))) used.set(uses, `marketloom/${entry}`);
    else {
      const close = nearest(uses, stageNames(project));
      const place = document.place(['stages', name, 'uses'], 'value');
      problems.push({
        code: 'spec/unknown-stage',
        message: `there is no stage code \`${uses}\``,
        place,
        hint: close ? `did you mean \`${close}\`?` : `it would be in ${entry}`,
      });
    }
  }
  return used;
}

/** Project files that params name as code; what lies elsewhere or is not there is a problem. */
function pluginEntries(
  project: Project,
  { stages }: Spec,
  placeOf: (stage: string, param: string, path: Path) => Place | undefined,
  read: Reader,
  problems: Problem[],
): string[] {
  const entries = new Set<string>();
  // Stages that share a leaf share its problem.
  const told = new Set<string>();
  for (const stage of stages) {
    const values = new Map(stage.params.map((param) => [param.name, param]));
    for (const { param, path, name } of Object.keys(stage.selects).flatMap((selector) => picksOf(selector, values))) {
      const file = pluginFile(name);
      if (file === null || entries.has(file)) continue;
      const place = placeOf(stage.name, param, path);
      const line = JSON.stringify([file, place ?? null]);
      if (told.has(line)) continue;
      told.add(line);
      const where = place && { place };
      const full = join(project.root, file);
      // Read, so that a file which appears there later is noticed.
      if (!isSafeName(file))
        problems.push({
          code: 'source/unsafe',
          message: `\`${name}\` must stay inside the project`,
          ...where,
          hint: 'write a plain relative path',
        });
      else if (read(file) === null)
        problems.push({
          code: 'source/missing',
          message: `there is no file \`${name}\``,
          ...where,
          hint: 'the path is relative to the folder of pipeline.yaml',
        });
      else if (leadsElsewhere(project.root, full))
        problems.push({
          code: 'source/unsafe',
          message: `\`${name}\` is reached through a link`,
          ...where,
          hint: 'put the file itself into the project: a clone would not have it',
        });
      else entries.add(file);
    }
  }
  return [...entries];
}

/** Names that `uses:` may give to this package's stages: `pipeline/stage`. */
function stageNames(project: Project): string[] {
  const root = join(project.own, 'stages');
  return walk(root).flatMap(({ relpath }) => (relpath.includes('/') ? [relpath.replace(/\.ts$/, '')] : []));
}

function identityValue(
  raw: RawPipeline,
  name: 'seed' | 'generator_version',
  document: Document,
  resolved: Resolved | null,
  problems: Problem[],
): Json {
  const reference = raw.identity?.[name];
  if (reference === undefined || resolved === null) return null;
  let value: Json | undefined = resolved.value;
  for (const step of reference.replace(/^\$/, '').split('.')) {
    const isThere: boolean = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    value = isThere ? (value as JsonMap)[step] : undefined;
  }
  if (value !== undefined) return value;
  problems.push({
    code: 'spec/bad-reference',
    message: `\`${reference}\`: the configuration has no such value`,
    place: at(document, ['identity', name]),
  });
  return null;
}

/** Legacy ids name nothing but tickers, dates and seed, so they are given only while all else is as in the legacy profile (D2). */
function legacyId(
  resolved: Resolved,
  recorded: Recorded | undefined,
  resolve: (flags: ConfigInputs['flags']) => Resolved,
): string | null {
  const { tickers, start_date, end_date, seed } = resolved.value as {
    tickers?: string[];
    start_date?: string;
    end_date?: string;
    seed?: Json;
  };
  if (
    !Array.isArray(tickers) ||
    typeof start_date !== 'string' ||
    typeof end_date !== 'string' ||
    typeof seed !== 'number'
  )
    return null;
  // Whether all else was as in the legacy profile was decided when the dataset was made.
  if (recorded) {
    const id = legacyDatasetId({ tickers, start: start_date, end: end_date, seed });
    return id === recorded.datasetId ? id : null;
  }
  const legacy = resolve({ profile: 'legacy' });
  const same = canon({ ...legacy.identity, tickers, start_date, end_date, seed }) === canon(resolved.identity);
  return same ? legacyDatasetId({ tickers, start: start_date, end: end_date, seed }) : null;
}
