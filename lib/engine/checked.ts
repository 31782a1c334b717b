// What is asked of a loading, and what checking the files gives: the words that `load` and `check` share.
import type { GitOid } from '../base/digest.ts';
import type { Artifact } from '../store/blob.ts';
import type { ConfigInputs } from './config.ts';
import type { JsonMap } from './leaves.ts';
import type { SourceSpec } from './sources.ts';
import type { Declaration, Spec } from './spec.ts';

/** Text of a project file, or null; the caller notes what was read. */
export type Reader = (file: string) => string | null;

export interface LoadOptions {
  readonly flags: ConfigInputs['flags'];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Another config file than the one pipeline.yaml names. */
  readonly configFile?: string;
  /** Build id of the running program: a checked spec is kept only for the program that checked it. */
  readonly build: string;
  /** What a manifest records, taken instead of configuration files, environment, flags and the files of sources (`reproduce`). */
  readonly recorded?: Recorded;
  readonly describe: (bundle: string) => Promise<Declaration>;
}

export interface Recorded {
  readonly datasetId: string;
  /** Identity leaves; the others have the defaults of their schema. */
  readonly config: JsonMap;
  readonly sources: readonly { readonly name: string; readonly entry: JsonMap; readonly artifact: Artifact }[];
  readonly sourceDefaults: JsonMap;
}

/** What the YAML files say, checked; kept on disk under the md5s of the files it came from. */
export interface Checked {
  readonly format: 1;
  readonly question: string;
  /** File (or absent file) -> md5, or null. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly spec: Spec;
  readonly entries: readonly string[];
  readonly config: JsonMap;
  readonly identity: JsonMap;
  readonly profile: string;
  /** Environment variables that may set a value of the configuration. */
  readonly variables: readonly string[];
  /** Id of what pipeline.yaml itself says of the results. */
  readonly wiring: GitOid;
  readonly sources: readonly SourceSpec[];
  /** What the file of sources says for all of them. */
  readonly sourceDefaults: JsonMap;
  readonly seed: number | string | null;
  readonly generatorVersion: string | null;
  /** Git SHA over all code of all stages. */
  readonly gitSha: string;
  /** Names the bundles this was checked with. */
  readonly codeHash: string;
  /** The legacy id, when the configuration asks for unmodified legacy data. */
  readonly legacyId: string | null;
}
