// The effects of a run on the workspace: data laid out, pointers, latest.json, ignore lines and DVC's files; all of them idempotent (settled point 5).
import { basename, dirname, join } from 'node:path';
import type { PythonValue } from '../base/python-json.ts';
import type { Spec, StageSpec } from '../engine/spec.ts';
import type { Artifact, BlobStore } from '../store/blob.ts';
import { ensureDir, readTextIfAny, remove, writeAtomic, writeIfChanged } from '../store/files.ts';
import { type Dataset, type JsonMap, latestName, readDataset } from './datasets.ts';
import { withIgnored, withoutIgnored } from './ignore.ts';
import { type LockStage, parseLock, printLock, printLockBlock, printPipeline } from './pipeline-file.ts';
import { printPointer } from './pointer.ts';
import { type Basis, PRINTED_FILE, type Printed, parsePrinted, replaceBlocks } from './printed.ts';
import type { DatasetRecord } from './remote.ts';
import { recordPath } from './roots.ts';
import {
  type Facts,
  type Found,
  lockStage,
  mergeLock,
  PARAMS_FILE,
  paramsValue,
  pipelineStages,
  sourcePath,
} from './translate.ts';
import { printYaml } from './yaml-style.ts';

/** Where effects happen. */
export interface Ground {
  readonly root: string;
  readonly store: BlobStore;
  /** How many files of a workspace path differ from the artifact. */
  readonly drift: (artifact: Artifact, path: string) => number;
  /** Make an absolute workspace path hold an artifact. */
  readonly layOut: (artifact: Artifact, path: string) => void;
}

export interface Published {
  readonly path: string;
  /** Digest the pointer held before, when it was another. */
  readonly was: string | null;
  readonly changed: boolean;
}

/** First line of the files DVC reads and we own; without it a file is somebody's and stays as it is. */
const OURS = '# Written from pipeline.yaml by `pipeline run`; changes here are lost.\n';

/** What a run writes for DVC beside dvc.lock. */
const TEXTS = ['data/stages/.gitignore', PARAMS_FILE, 'dvc.yaml'] as const;

/** Gathers effects and compares them with what is there; `apply` makes those that are needed, and most often none is. */
export class Publisher {
  readonly #ground: Ground;
  /** Every text file that should be as it is now, for git; relative to the project. */
  readonly files = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #acts: (() => void)[] = [];
  #basis: Basis | null = null;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Whether anything is not as it should be. */
  get isPending(): boolean {
    return this.#acts.length > 0 || this.#texts.size > 0;
  }

  /** Data first, then the texts that speak of it, each replaced whole. */
  apply(): void {
    const { root, store } = this.#ground;
    for (const act of this.#acts.splice(0)) act();
    for (const [path, text] of this.#texts) {
      writeIfChanged(join(root, path), text, store.tmp);
      store.marks.md5(join(root, path));
    }
    this.#texts.clear();
  }

  /** What `dvc init` leaves and we rely on, where it is missing. */
  skeleton(): void {
    this.#unlessThere('.dvc/config', '');
    this.#unlessThere('.dvc/.gitignore', '/config.local\n/tmp\n/cache\n');
    this.#unlessThere('.dvcignore', '# What dvc does not look at, in the words of .gitignore.\n/.pipeline\n');
    this.#own('.pipeline/.gitignore', '*\n');
  }

  /** A wired source: its data at data/sources/<name>, its pointer beside. */
  source(name: string, artifact: Artifact): void {
    const path = sourcePath(name);
    this.#data(path, artifact);
    this.#write(`${path}.dvc`, printPointer({ outs: [{ ...artifact, path: name }] }));
  }

  /** The dataset under its name; latest.json points to it. Without `tracked` git ignores it and DVC does not know it. */
  dataset(under: string, name: string, artifact: Artifact, meta: JsonMap, tracked: boolean): Published {
    const path = `${under}/${name}`;
    const before = readDataset(this.#ground.root, under, name);
    this.#data(path, artifact);
    const pointer = printPointer({ outs: [{ ...artifact, path: name }], meta: meta as PythonValue });
    const moved = tracked && this.#write(`${path}.dvc`, pointer);
    const renamed = this.#latest(under, name, artifact);
    const was = before !== null && before.artifact.md5 !== artifact.md5 ? before.artifact.md5 : null;
    return { path, was, changed: moved || renamed };
  }

  /** Keep the keys that made a dataset, for others who pull it. */
  record(under: string, name: string, keys: readonly string[]): void {
    const pointer = `${under}/${name}.dvc`;
    const text = this.#read(pointer);
    if (text === null) return;
    const record: DatasetRecord = { format: 1, pointer, text, keys: [...keys].sort() };
    this.#own(recordPath('.pipeline', name), `${JSON.stringify(record)}\n`);
  }

  /** What was pulled: data in its place, with the pointer and the record when only the remote had them. */
  restore({ path, pointer, artifact }: Dataset, record: DatasetRecord | null): void {
    this.#data(path, artifact);
    if (record === null) return;
    const [under, name] = [dirname(pointer), basename(pointer, '.dvc')];
    this.#unlessThere(pointer, record.text);
    this.#own(recordPath('.pipeline', name), `${JSON.stringify(record)}\n`);
    if (latestName(this.#ground.root, under) === null) this.#latest(under, name, artifact);
  }

  /** dvc.yaml, the resolved values and dvc.lock; stages not in `made` keep what dvc.lock says of them. Says why when nothing was written. */
  pipeline(spec: Spec, facts: Facts, found: Found, basis: Basis): string | null {
    const before = this.#read('dvc.yaml');
    if (before !== null && before.trim() !== '' && !before.startsWith(OURS)) {
      this.#note('dvc.yaml');
      return 'dvc.yaml is not ours and stays as it is: dvc does not know the stages of pipeline.yaml';
    }
    this.#basis = basis;
    const now = spec.stages.filter(({ name }) => found.made.has(name));
    const lock = (stage: StageSpec) => lockStage(spec, stage, facts, found);
    const printed = parsePrinted(this.#read(PRINTED_FILE));
    if (printed?.ground === basis.ground && this.#stand(printed)) {
      for (const path of [...TEXTS, 'dvc.lock']) this.files.add(path);
      const changed = printed.run === basis.before ? now.filter(({ name }) => !basis.same.has(name)) : now;
      const blocks = new Map(changed.map((stage) => [stage.name, printLockBlock(lock(stage))]));
      const text = blocks.size === 0 ? null : replaceBlocks(this.#read('dvc.lock') ?? '', blocks);
      if (text !== null) this.#write('dvc.lock', text);
      if (text !== null || blocks.size === 0) return null;
    }
    // A run of everything needs nothing of the old lock, and reading YAML is the slowest part of it.
    const lockText = now.length === spec.stages.length ? null : this.#read('dvc.lock');
    const known: LockStage[] = lockText === null ? [] : parseLock('dvc.lock', lockText);
    const names = spec.stages.map(({ name }) => name);
    this.#write('data/stages/.gitignore', withIgnored(this.#read('data/stages/.gitignore'), names));
    this.#write(PARAMS_FILE, printYaml(paramsValue(spec, facts)));
    this.#write('dvc.yaml', OURS + printPipeline(pipelineStages(spec, facts)));
    const locked = mergeLock(spec, known, now.map(lock));
    if (locked.length > 0) this.#write('dvc.lock', printLock(locked));
    return null;
  }

  /** Whether DVC's files are as they were left then. */
  #stand({ files }: Printed): boolean {
    const { root, store } = this.#ground;
    const paths = Object.keys(files);
    return paths.length > 0 && paths.every((path) => store.marks.holds(join(root, path), files[path] as string));
  }

  /** Remember what DVC's files were printed from, once nothing is pending. */
  remember(): void {
    const { root, store } = this.#ground;
    if (this.#basis === null || !this.#basis.whole || this.isPending) return;
    const { ground, run } = this.#basis;
    const files = Object.fromEntries(
      [...TEXTS, 'dvc.lock'].map((path) => [path, store.marks.md5(join(root, path))?.md5 ?? '']),
    );
    const printed: Printed = { format: 1, ground, run, files };
    ensureDir(dirname(join(root, PRINTED_FILE)));
    writeAtomic(join(root, PRINTED_FILE), JSON.stringify(printed), store.tmp, { fsync: false });
  }

  /** Remove a dataset from the workspace; its blobs are for `gc`. */
  retire({ name, path, pointer }: Dataset): void {
    const { root } = this.#ground;
    const ignore = `${dirname(path)}/.gitignore`;
    const gone = [pointer, path, recordPath('.pipeline', name)];
    this.#acts.push(() => {
      for (const one of gone) remove(join(root, one));
    });
    this.#write(ignore, withoutIgnored(this.#read(ignore) ?? '', basename(path)));
    this.files.add(pointer);
  }

  #latest(under: string, name: string, artifact: Artifact): boolean {
    const path = `${under}/${name}`;
    const entries = artifact.md5.endsWith('.dir') ? this.#ground.store.readTree(artifact.md5) : [];
    const manifest = entries.some(({ relpath }) => relpath === 'manifest.json') ? `${path}/manifest.json` : null;
    return this.#write(`${under}/latest.json`, `${JSON.stringify({ dataset_id: name, path, manifest }, null, 2)}\n`);
  }

  #data(path: string, artifact: Artifact): void {
    const { root, drift, layOut } = this.#ground;
    const ignore = `${dirname(path)}/.gitignore`;
    this.#write(ignore, withIgnored(this.#read(ignore), [basename(path)]));
    const act = () => layOut(artifact, join(root, path));
    if (drift(artifact, join(root, path)) > 0) this.#acts.push(act);
    else act();
  }

  /** Text of a file as it will be. */
  #read(path: string): string | null {
    return this.#texts.get(path) ?? readTextIfAny(join(this.#ground.root, path));
  }

  #write(path: string, text: string): boolean {
    const changes = this.#own(path, text);
    this.files.add(path);
    return changes;
  }

  /** A file that git is not to hold. */
  #own(path: string, text: string): boolean {
    const changes = this.#read(path) !== text;
    if (changes) this.#texts.set(path, text);
    else this.#note(path);
    return changes;
  }

  #unlessThere(path: string, text: string): void {
    if (this.#read(path) === null) this.#write(path, text);
    else {
      this.#note(path);
      this.files.add(path);
    }
  }

  /** The fast path must see when the file changes. */
  #note(path: string): void {
    this.#ground.store.marks.md5(join(this.#ground.root, path));
  }
}

/**
 * Name of a dataset: its id, or for `timestamped_hash` the id and the time it was made. A pointer with the same
 * identity keeps its name, so that the stamp is drawn once (settled point 15).
 */
export function datasetName(
  id: string,
  strategy: string,
  meta: JsonMap,
  madeAt: string,
  known: readonly Dataset[],
): string {
  if (strategy !== 'timestamped_hash') return id;
  const same = (other: JsonMap) => IDENTITY.every((key) => other[key] === meta[key]);
  const before = known.find(({ name, meta: other }) => name.startsWith(`${id}_`) && same(other));
  return before?.name ?? `${id}_${madeAt.slice(0, 19).replace(/[-:]/g, '')}Z`;
}

const IDENTITY = ['dataset_id', 'config_hash', 'git_sha', 'seed', 'generator_version'] as const;

/** Datasets beyond the newest `keep` of a list that is oldest first; never one whose pointer a branch or tag has. */
export function surplus(known: readonly Dataset[], keep: number, pinned: ReadonlySet<string>): Dataset[] {
  return known.slice(0, Math.max(0, known.length - keep)).filter(({ pointer }) => !pinned.has(pointer));
}
