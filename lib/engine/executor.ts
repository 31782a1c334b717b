// Work goes out through one small interface: a unit of work in, the files it made out (design D13).
import type { Json } from '../base/canon.ts';
import type { Md5 } from '../base/digest.ts';
import type { Problem } from '../base/problem.ts';
import type { PortKind } from '../stage/port.ts';

export interface InputFile {
  readonly relpath: string;
  readonly md5: Md5;
  readonly size: number;
  /** Where its bytes are, read-only. */
  readonly path: string;
}

export interface InputArtifact {
  readonly md5: Md5;
  readonly files: readonly InputFile[];
}

export interface WorkInput {
  readonly kind: PortKind;
  readonly many: boolean;
  /** One artifact under '', or a set by name. */
  readonly artifacts: Readonly<Record<string, InputArtifact>>;
}

export interface WorkItem {
  readonly id: number;
  readonly stage: string;
  readonly element: string | null;
  readonly key: string;
  readonly code: /** With the bundle of each project file that its params name. */
    | { readonly kind: 'module'; readonly bundle: string; readonly plugins: Readonly<Record<string, string>> }
    | { readonly kind: 'command'; readonly cmd: string };
  readonly params: Readonly<Record<string, Json>>;
  readonly seed: number | string | null;
  readonly generatorVersion: string | null;
  readonly inputs: Readonly<Record<string, WorkInput>>;
  readonly outputs: Readonly<Record<string, { readonly kind: PortKind }>>;
  readonly timeoutMs: number | null;
  /** Write files that the store seems to have, too: one of them was damaged. */
  readonly anew?: true;
}

/** Every file of every input, as often as it is wired. */
export function inputFiles({ inputs }: Pick<WorkItem, 'inputs'>): InputFile[] {
  return Object.values(inputs).flatMap(({ artifacts }) => Object.values(artifacts).flatMap(({ files }) => files));
}

/** A file the work made, at a temporary place on the store's file system, or one it adopted from an input or had made before. */
export interface MadeFile {
  readonly relpath: string;
  readonly size: number;
  readonly md5: Md5;
  /** Null for one that should be in the store already. */
  readonly temp: string | null;
}

export interface WorkResult {
  readonly outputs: Readonly<Record<string, readonly MadeFile[]>>;
  readonly verdict: { readonly passed: boolean; readonly summary: string } | null;
}

export type WorkEvent =
  /** Its turn has come: a thread or a shell is at it from now on. */
  | { readonly type: 'started' }
  | { readonly type: 'log'; readonly message: string; readonly facts: Readonly<Record<string, Json>> }
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly unit: string };

export interface Executor {
  /** Do the work; rejects with a ProblemError. Submitting the same work twice is harmless: results are named by content. */
  submit(item: WorkItem, onEvent: (event: WorkEvent) => void): Promise<WorkResult>;
  /** Stop everything under way and give back threads and processes. */
  close(): Promise<void>;
}

/** Problems travel between threads as plain records. */
export type WorkMessage =
  | { readonly type: 'event'; readonly event: WorkEvent }
  | { readonly type: 'done'; readonly result: WorkResult }
  | { readonly type: 'failed'; readonly problems: readonly Problem[] };

export interface WorkerSettings {
  readonly tmp: string;
  /** Where blobs are: a small file that is there need not be written. */
  readonly cacheDir: string;
  readonly trapped: boolean;
  readonly modulePaths: readonly string[];
  /** Bundle names in frames are shown relative to this folder. */
  readonly project: string;
  /** What `check` changes to catch what the traps may miss: a shifted clock, reversed listings. */
  readonly disturb: number | null;
}
