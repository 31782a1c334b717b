// Everything that happens in a run is one of these; terminal, journal and `--json` are switches over them, and nobody else speaks.
import type { Json } from '../base/canon.ts';
import type { Problem } from '../base/problem.ts';
import type { Reason } from './explain.ts';

/** A stage, or one shard of a mapped stage. */
export interface Unit {
  readonly stage: string;
  /** The mapped element, or null. */
  readonly element: string | null;
}

export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly pipeline: string;
      readonly stages: readonly string[];
      readonly jobs: number;
    }
  | { readonly type: 'waiting'; readonly message: string }
  | { readonly type: 'source-imported'; readonly source: string; readonly md5: string; readonly sizeBytes: number }
  /** All keys of a stage are known: how many shards it has and how many need no work. */
  | { readonly type: 'stage-ready'; readonly stage: string; readonly shards: number; readonly hits: number }
  | ({ readonly type: 'unit-hit'; readonly key: string } & Unit)
  | ({ readonly type: 'unit-started'; readonly key: string; readonly reasons: readonly Reason[] } & Unit)
  | ({ readonly type: 'unit-progress'; readonly done: number; readonly total: number; readonly unit: string } & Unit)
  | ({ readonly type: 'unit-log'; readonly message: string; readonly facts: Readonly<Record<string, Json>> } & Unit)
  /** `changed` is false when the bytes are the ones it gave before: early cut-off, nothing below needs to run. */
  | ({
      readonly type: 'unit-finished';
      readonly key: string;
      readonly changed: boolean;
      readonly durationMs: number;
      readonly bytes: number;
    } & Unit)
  | ({
      readonly type: 'unit-failed';
      readonly key: string;
      readonly problems: readonly Problem[];
      readonly retryInMs: number | null;
      /** Another shard of the stage has told all of its problems. */
      readonly alike: boolean;
    } & Unit)
  /** How many shards failed by a problem, when all have ended and more than one did. */
  | {
      readonly type: 'shards-failed';
      readonly stage: string;
      readonly problem: Problem;
      readonly elements: readonly string[];
    }
  | ({ readonly type: 'unit-verdict'; readonly passed: boolean; readonly summary: string } & Unit)
  /** What failed a stage and was not told of a unit: its inputs, its layout, the union of its shards. */
  | { readonly type: 'stage-failed'; readonly stage: string; readonly problems: readonly Problem[] }
  /** The stage could not run because something above it failed. */
  | { readonly type: 'stage-skipped'; readonly stage: string; readonly because: string }
  | { readonly type: 'stage-finished'; readonly stage: string }
  | {
      readonly type: 'output-restored';
      readonly stage: string;
      readonly port: string;
      readonly path: string;
      readonly files: number;
    }
  | { readonly type: 'blob-quarantined'; readonly md5: string; readonly path: string }
  | { readonly type: 'published'; readonly datasetId: string; readonly path: string; readonly was: string | null }
  | { readonly type: 'pushed'; readonly remote: string; readonly blobs: number; readonly bytes: number }
  | { readonly type: 'pulled'; readonly remote: string; readonly blobs: number; readonly bytes: number }
  | {
      readonly type: 'notice';
      readonly level: 'info' | 'warn';
      readonly message: string;
      readonly facts?: Readonly<Record<string, Json>>;
    }
  | ({ readonly type: 'run-finished' } & RunSummary);

export interface RunSummary {
  readonly run: string;
  readonly ok: boolean;
  /** Somebody stopped it; what was finished is kept. */
  readonly interrupted: boolean;
  readonly datasetId: string | null;
  readonly datasetPath: string | null;
  /** Shards that ran, that were found in the store, that failed; stages that were skipped. */
  readonly ran: number;
  readonly cached: number;
  readonly failed: number;
  readonly skipped: number;
  readonly restored: number;
  readonly durationMs: number;
  readonly log: string | null;
}

export type Listener = (event: RunEvent) => void;
