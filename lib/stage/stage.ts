// A stage is a frozen record: what it needs, what it gives, and one pure act between the two.
import type { Json } from '../base/canon.ts';
import { naming, type Owners } from './owners.ts';
import type { InputOf, OutputOf, Port } from './port.ts';

export type Ports = Readonly<Record<string, Port>>;

/** A JSON Schema (draft-07) object; `properties` name the params that pipeline.yaml may wire. */
export type ParamsSchema = Readonly<Record<string, unknown>> & {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, unknown>>;
};

/** The exports of a user's own file: anything, until they are checked. */
export type Plugin = Readonly<Record<string, unknown>>;

export interface StageContext<I extends Ports, O extends Ports, P> {
  readonly params: P;
  readonly in: { readonly [K in keyof I]: InputOf<I[K]> };
  readonly out: { readonly [K in keyof O]: OutputOf<O[K]> };
  /** The run's seed; null unless the stage declares that it uses it. */
  readonly seed: number | string | null;
  readonly generatorVersion: string | null;
  /** The element this shard is for; null in a stage that is not mapped. */
  readonly element: string | null;
  /** What the project file exports that a selecting param names. */
  plugin(path: string): Plugin;
  log(message: string, facts?: Readonly<Record<string, Json>>): void;
  /** Work done so far, for the progress display only. */
  progress(done: number, total: number, unit: string): void;
  /** A finished stage may still say no: its outputs are kept, nothing below it runs, the run exits 1. */
  verdict(passed: boolean, summary: string): void;
}

export interface Stage<I extends Ports = Ports, O extends Ports = Ports, P = unknown> {
  readonly summary: string;
  readonly params: ParamsSchema;
  readonly inputs: I;
  readonly outputs: O;
  /** Engine facts that enter the key of this stage. */
  readonly uses: readonly ('seed' | 'generator_version')[];
  /**
   * Param (`price_model`, or `sources.*.adapter` for every entry's) -> catalog file: its values pick the lines whose code enters
   * the key. A value `./a/file.ts` is a project file instead, which enters the key and is had by `plugin`; `none` picks nothing.
   */
  readonly selects: Readonly<Record<string, string>>;
  run(context: StageContext<I, O, P>): void | Promise<void>;
}

/** Declare a stage; the type of `params` is the type argument, the schema checks it at run time. */
export function defineStage<P>() {
  return <I extends Ports, O extends Ports>({
    owners,
    ...stage
  }: Omit<Stage<I, O, P>, 'uses' | 'selects'> &
    Partial<Pick<Stage, 'uses' | 'selects'>> & {
      /** Where in the params is what science refuses. */
      owners?(params: P): Owners;
    }): Stage<I, O, P> =>
    Object.freeze({
      uses: [],
      selects: {},
      ...stage,
      run: (context: StageContext<I, O, P>) => naming(owners?.(context.params) ?? {}, () => stage.run(context)),
    });
}
