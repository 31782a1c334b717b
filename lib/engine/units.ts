// From a stage and the artifacts above it to its units: each shard's key, and whether the store already has its result.
import type { Md5, Sha256 } from '../base/digest.ts';
import { ProblemError } from '../base/problem.ts';
import type { Artifact } from '../store/blob.ts';
import type { Receipt } from '../store/receipt.ts';
import type { TreeEntry } from '../store/tree.ts';
import type { BuiltCode } from './build.ts';
import type { WorkInput } from './executor.ts';
import { differences, type Reason } from './explain.ts';
import { type KeyParts, keyOf } from './key.ts';
import type { Project } from './project.ts';
import type { InputSpec, Spec, StageSpec, Wire } from './spec.ts';
import { codeOf, paramValues } from './unit-code.ts';

/** Everything a traversal knows before it starts. */
export interface Loaded {
  readonly spec: Spec;
  readonly code: BuiltCode;
  readonly seed: number | string | null;
  readonly generatorVersion: string | null;
  /** Artifacts of sources and workspace files, by wire text. */
  readonly given: ReadonlyMap<string, Artifact>;
  readonly run: {
    readonly datasetId: string;
    readonly configHash: string;
    readonly gitSha: string;
    /** Null when no stage is wired to `$run`. */
    readonly artifact: Artifact | null;
  };
  /** Names everything a key rests on besides inputs: while it is equal, a unit with equal inputs has its last key. */
  readonly stamp: string;
}

/** A result that is in the store. */
export interface Known {
  readonly outputs: Readonly<Record<string, Artifact>>;
  readonly verdict: Receipt['verdict'];
}

export interface UnitPlan {
  readonly stage: string;
  readonly element: string | null;
  readonly key: Sha256;
  /** What the key was made of; worked out when somebody asks. */
  readonly parts: () => KeyParts;
  /** The digests on the unit's ports, as one text. */
  readonly inputText: string;
  /** Whether its key and its hit are those remembered from the last run. */
  readonly same: boolean;
  /** The result whose outputs are all here, or null when the unit has to run. */
  readonly hit: Known | null;
  readonly reasons: readonly Reason[];
  readonly inputs: Readonly<Record<string, Readonly<Record<string, Artifact>>>>;
}

/** What is remembered of a unit's last result: it spares hashing the key and reading the receipt. */
export interface LastUnit extends Known {
  readonly key: Sha256;
  readonly inputText: string;
}

export interface Last {
  readonly stamp: string;
  /** The run that wrote this. */
  readonly run: string;
  readonly units: Readonly<Record<string, Readonly<Record<string, LastUnit>>>>;
}

export function givenName(wire: Wire): string {
  return wire.kind === 'source' ? `source:${wire.name}` : wire.kind === 'file' ? `./${wire.path}` : '$run';
}

/** Artifacts on a stage's ports, or the first stage above that has none yet. */
export function inputArtifacts(
  stage: StageSpec,
  loaded: Loaded,
  made: ReadonlyMap<string, Readonly<Record<string, Artifact>>>,
): { readonly inputs: Record<string, Record<string, Artifact>> } | { readonly waitsFor: string } {
  const inputs: Record<string, Record<string, Artifact>> = {};
  for (const [port, { wires }] of Object.entries(stage.inputs)) {
    const artifacts: Record<string, Artifact> = {};
    for (const [label, wire] of Object.entries(wires)) {
      if (wire.kind === 'stage') {
        const found = made.get(wire.stage)?.[wire.port];
        if (found === undefined) return { waitsFor: wire.stage };
        artifacts[label] = found;
      } else
        artifacts[label] =
          wire.kind === 'run' ? (loaded.run.artifact as Artifact) : (loaded.given.get(givenName(wire)) as Artifact);
    }
    inputs[port] = artifacts;
  }
  return { inputs };
}

/** The units of a stage whose inputs are all known. */
export function planUnits(
  project: Project,
  loaded: Loaded,
  stage: StageSpec,
  inputs: Readonly<Record<string, Record<string, Artifact>>>,
  last: Last,
  force: boolean,
): UnitPlan[] {
  return (stage.map?.elements ?? [null]).map((element) =>
    planUnit(project, loaded, stage, element, inputs, last, force),
  );
}

function planUnit(
  project: Project,
  loaded: Loaded,
  stage: StageSpec,
  element: string | null,
  whole: Readonly<Record<string, Record<string, Artifact>>>,
  last: Last,
  force: boolean,
): UnitPlan {
  const inputs: Record<string, Record<string, Artifact>> = {};
  const digests: Record<string, string> = {};
  for (const [port, artifacts] of Object.entries(whole)) {
    const spec = stage.inputs[port] as InputSpec;
    inputs[port] = {};
    for (const [label, artifact] of Object.entries(artifacts)) {
      const file = fileName(spec.wires[label] as Wire);
      const seen = spec.slice && element !== null ? slice(project, artifact, file, element) : artifact;
      inputs[port][label] = seen;
      // A single file that code sees in a tree is seen under a name, so the name is part of the input.
      const named = label === '' && spec.kind === 'tree' && !seen.md5.endsWith('.dir') && stage.code.kind === 'module';
      const name = named ? file : label;
      digests[name === '' ? port : `${port}/${name}`] = seen.md5;
    }
  }
  const inputText = JSON.stringify(digests);
  const before = last.units[stage.name]?.[element ?? ''];
  let known: ReturnType<typeof keyOf> | null = null;
  const made = () => {
    known ??= keyParts(loaded, stage, element, digests);
    return known;
  };
  const same = before !== undefined && last.stamp === loaded.stamp && before.inputText === inputText;
  const key = same ? before.key : made().key;
  const plan = { stage: stage.name, element, key, parts: () => made().parts, inputText, same, inputs };
  if (force) return { ...plan, hit: null, reasons: [{ kind: 'forced' }] };
  const result = same ? before : project.receipts.read(key);
  if (result === null) return { ...plan, hit: null, reasons: whyNew(project, loaded, last, before, made().parts) };
  // A receipt of a remote may say anything; half a result is none.
  if (Object.keys(stage.outputs).some((port) => result.outputs[port] === undefined))
    return { ...plan, hit: null, reasons: [{ kind: 'receipt-missing' }] };
  const lost = Object.entries(result.outputs).flatMap(([port, artifact]) =>
    project.store.missing(artifact).map((gone) => ({ port, gone })),
  );
  if (lost.length === 0) return { ...plan, hit: { outputs: result.outputs, verdict: result.verdict }, reasons: [] };
  const reasons = lost.slice(0, LISTED).map(
    ({ port, gone }): Reason => ({
      kind: project.store.quarantined.has(gone) ? 'output-corrupted' : 'output-missing',
      output: `${port} (${gone.slice(0, 8)})`,
    }),
  );
  return { ...plan, hit: null, reasons };
}

/** Lost files named one by one in an explanation. */
const LISTED = 20;

function keyParts(
  loaded: Loaded,
  stage: StageSpec,
  element: string | null,
  digests: Readonly<Record<string, string>>,
): ReturnType<typeof keyOf> {
  const params = paramValues(stage, element);
  return keyOf({
    stage: stage.name,
    element,
    params,
    seed: stage.uses.includes('seed') ? loaded.seed : null,
    generatorVersion: stage.uses.includes('generator_version') ? loaded.generatorVersion : null,
    code: codeOf(loaded.code, stage, params),
    inputs: digests,
  });
}

/** The digests that were on the unit's ports, or null when they are not known any more. */
function inputsOf({ inputText }: LastUnit): KeyParts['inputs'] | null {
  try {
    return JSON.parse(inputText) as KeyParts['inputs'];
  } catch {
    return null;
  }
}

function whyNew(project: Project, loaded: Loaded, last: Last, before: LastUnit | undefined, parts: KeyParts): Reason[] {
  if (before === undefined) return [{ kind: 'never-made' }];
  // Under the same stamp nothing but inputs can differ, and those are remembered.
  const inputs = last.stamp === loaded.stamp ? inputsOf(before) : null;
  const was =
    inputs === null
      ? (project.receipts.read(before.key)?.parts as unknown as KeyParts | undefined)
      : { ...parts, inputs };
  if (was === undefined) return [{ kind: 'receipt-missing' }];
  const reasons = differences(was, parts);
  return reasons.length > 0 ? reasons : [{ kind: 'rewired' }];
}

/** The files of one mapped element: those below a folder of its name, and a file of its name with at most one extension. */
export function sliceEntries(entries: readonly TreeEntry[], element: string): readonly TreeEntry[] {
  let slices = slicesOf.get(entries);
  if (slices === undefined) {
    slices = new Map();
    for (const entry of entries)
      for (const owner of ownersOf(entry.relpath)) {
        const slice = slices.get(owner);
        if (slice === undefined) slices.set(owner, [entry]);
        else slice.push(entry);
      }
    slicesOf.set(entries, slices);
  }
  return slices.get(element) ?? [];
}

/** By element, because every shard of a stage asks the same tree for its own. */
const slicesOf = new WeakMap<readonly TreeEntry[], Map<string, TreeEntry[]>>();

/** The elements whose slice has a file of this path. */
function ownersOf(relpath: string): string[] {
  const owners = [relpath];
  for (let at = relpath.indexOf('/'); at >= 0; at = relpath.indexOf('/', at + 1)) owners.push(relpath.slice(0, at));
  const dot = relpath.lastIndexOf('.');
  if (dot > relpath.lastIndexOf('/')) owners.push(relpath.slice(0, dot));
  return owners;
}

function slice(project: Project, { md5 }: Artifact, file: string, element: string): Artifact {
  const entries = sliceEntries(project.store.entries(md5, file), element);
  return project.store.listTree(entries.map((entry) => ({ ...entry, size: project.store.size(entry.md5) })));
}

/** What the executor gets: where each input file's bytes are. */
export function workInputs(project: Project, stage: StageSpec, plan: UnitPlan): Record<string, WorkInput> {
  const inputs: Record<string, WorkInput> = {};
  for (const [port, artifacts] of Object.entries(plan.inputs)) {
    const { kind, many, wires } = stage.inputs[port] as InputSpec;
    inputs[port] = {
      kind,
      many,
      artifacts: Object.fromEntries(
        // By name, because the order of wires in YAML is not in the key.
        sorted(artifacts).map(([label, { md5 }]) => {
          const files = project.store.entries(md5, fileName(wires[label] as Wire));
          return [
            label,
            {
              md5,
              files: files.map((file) => ({
                ...file,
                size: project.store.size(file.md5),
                path: project.store.path(file.md5),
              })),
            },
          ];
        }),
      ),
    };
  }
  return inputs;
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The name a single file shows when a port takes it as a tree. */
function fileName(wire: Wire): string {
  if (wire.kind === 'file') return wire.path.split('/').at(-1) as string;
  return wire.kind === 'stage' ? wire.port : wire.kind === 'source' ? wire.name : 'run.json';
}

/** One artifact per output port from the units of a stage: the union of their trees, without copying a byte. */
export function mergeOutputs(
  project: Project,
  stage: StageSpec,
  units: readonly { element: string | null; outputs: Readonly<Record<string, Artifact>> }[],
): Record<string, Artifact> {
  const only = units[0];
  if (stage.map === null && only) return { ...only.outputs };
  const merged: Record<string, Artifact> = {};
  for (const port of Object.keys(stage.outputs)) {
    const entries = new Map<string, { relpath: string; md5: Md5; size: number }>();
    for (const unit of units) {
      const { md5, files } = unit.outputs[port] as Artifact;
      for (const entry of files ?? project.store.entries(md5, unit.element ?? port)) {
        if (entries.has(entry.relpath)) {
          throw new ProblemError({
            code: 'stage/bad-output',
            message: `two shards of stage \`${stage.name}\` both give \`${entry.relpath}\` on port \`${port}\``,
            hint: 'name files after the element',
          });
        }
        entries.set(entry.relpath, { ...entry, size: entry.size ?? project.store.size(entry.md5) });
      }
    }
    try {
      merged[port] = project.store.putTree([...entries.values()]);
    } catch (cause) {
      if (!(cause instanceof ProblemError) || cause.problems[0]?.code !== 'store/unsafe-tree') throw cause;
      const message = `the shards of stage \`${stage.name}\` give names on port \`${port}\` that no folder can hold together`;
      const { facts } = cause.problems[0];
      throw new ProblemError({ code: 'stage/bad-output', message, ...(facts && { facts }) }, { cause });
    }
  }
  return merged;
}
