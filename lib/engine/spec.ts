// pipeline.yaml after checking: frozen stages in the order they can run, every wire and param resolved.
import type { Json } from '../base/canon.ts';
import type { Port } from '../stage/port.ts';
import type { ParamsSchema } from '../stage/stage.ts';

export type Wire =
  | { readonly kind: 'stage'; readonly stage: string; readonly port: string }
  | { readonly kind: 'source'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'run' };

export interface InputSpec {
  readonly kind: Port['kind'];
  readonly shape: string;
  readonly many: boolean;
  readonly slice: boolean;
  /** One wire, or for a port that takes a set: name -> wire. */
  readonly wires: Readonly<Record<string, Wire>>;
}

export interface ParamSpec {
  readonly name: string;
  /** The config path it refers to, or its own name. */
  readonly shown: string;
  readonly value: Json;
}

export type CodeSpec =
  | { readonly kind: 'module'; readonly entry: string }
  | { readonly kind: 'command'; readonly cmd: string };

export interface StageSpec {
  readonly name: string;
  readonly desc: string;
  readonly code: CodeSpec;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly outputs: Readonly<Record<string, { readonly kind: Port['kind'] }>>;
  readonly params: readonly ParamSpec[];
  readonly uses: readonly ('seed' | 'generator_version')[];
  /** Param -> catalog file whose lines its value picks. */
  readonly selects: Readonly<Record<string, string>>;
  readonly map: { readonly elements: readonly string[]; readonly as: string } | null;
  readonly retries: number;
  readonly timeoutMs: number | null;
}

export interface Spec {
  readonly pipeline: string;
  readonly stages: readonly StageSpec[];
  /** Which output is the dataset and where datasets lie. */
  readonly dataset: { readonly stage: string; readonly port: string; readonly under: string } | null;
}

/** What a stage's code declares, as far as wiring needs it. */
export interface Declaration {
  readonly summary: string;
  readonly params: ParamsSchema;
  readonly inputs: Readonly<Record<string, Port>>;
  readonly outputs: Readonly<Record<string, Port>>;
  readonly uses: readonly ('seed' | 'generator_version')[];
  readonly selects: Readonly<Record<string, string>>;
}

export interface RawStage {
  readonly uses?: string;
  readonly cmd?: string;
  readonly desc?: string;
  readonly in?: Readonly<Record<string, string | readonly string[]>>;
  readonly out?: Readonly<Record<string, Port['kind']>>;
  readonly params?: Readonly<Record<string, Json>>;
  readonly map?: { readonly over: Json; readonly as: string };
  readonly retries?: number;
  readonly timeout?: number | string;
}

export interface RawPipeline {
  readonly pipeline: string;
  readonly config?: {
    readonly file: string;
    readonly profiles?: string;
    readonly presets?: string;
    readonly schema: string;
  };
  readonly sources?: string;
  readonly identity?: { readonly seed?: string; readonly generator_version?: string };
  readonly dataset?: { readonly from: string; readonly under: string };
  readonly stages: Readonly<Record<string, RawStage>>;
}

const needs = new WeakMap<StageSpec, readonly string[]>();

/** Stages a stage is wired to. */
export function needsOf(stage: StageSpec): readonly string[] {
  let found = needs.get(stage);
  if (found === undefined) {
    const names = new Set<string>();
    for (const { wires } of Object.values(stage.inputs))
      for (const wire of Object.values(wires)) if (wire.kind === 'stage') names.add(wire.stage);
    found = [...names];
    needs.set(stage, found);
  }
  return found;
}
