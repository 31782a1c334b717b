// The key of a unit: the sha256 of everything that could change its result and nothing else (design D1).
import { canon, canonOf, canonOnce, type Json } from '../base/canon.ts';
import { type GitOid, gitBlob, gitTree, type Sha256, sha256, sha256Json } from '../base/digest.ts';

/** What a key is made of, as name -> canonical text: hashed for the key, compared for the explanation. */
export interface KeyParts {
  /** Param, seed, generator version and mapped element, under the names the user wrote in YAML. */
  readonly params: Readonly<Record<string, string>>;
  /** Source path or `package@version` -> git blob id or integrity. */
  readonly code: Readonly<Record<string, string>>;
  /** Port, or `port/name` for each artifact of a set -> md5. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface KeyInput {
  readonly stage: string;
  readonly element: string | null;
  /** Param name -> the name to show (its config path, or itself) and its value. */
  readonly params: ReadonlyMap<string, { readonly shown: string; readonly value: Json }>;
  readonly seed: Json;
  readonly generatorVersion: Json;
  readonly code: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, string>>;
}

/** The key and its explanation. Values of params are those of a frozen spec: what is made of them is made once for all shards of a stage. */
export function keyOf(input: KeyInput): { key: Sha256; parts: KeyParts } {
  const shown: Record<string, string> = {};
  const params: Record<string, string> = {};
  for (const [name, param] of input.params) {
    params[name] = canonOnce(param.value);
    for (const [below, text] of leavesOf(param.value)) shown[param.shown + below] = text;
  }
  if (input.seed !== null) shown['seed'] = canon(input.seed);
  if (input.generatorVersion !== null) shown['generator_version'] = canon(input.generatorVersion);
  const key = sha256(
    canonOf({
      stage: canon(input.stage),
      element: canon(input.element),
      params: canonOf(params),
      seed: canon(input.seed),
      generator_version: canon(input.generatorVersion),
      git_sha: canon(codeSha(input.code)),
      inputs: canon(input.inputs),
    }),
  );
  return { key, parts: { params: shown, code: input.code, inputs: input.inputs } };
}

type Leaves = readonly (readonly [string, string])[];
const leavesOfMap = new WeakMap<object, Leaves>();

/** Maps are shown leaf by leaf, so that an explanation names what changed and not its neighbours: the name below the param, and the text. */
function leavesOf(value: Json): Leaves {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [['', canonOnce(value)]];
  let leaves = leavesOfMap.get(value);
  if (leaves === undefined) {
    const inside = Object.entries(value);
    leaves =
      inside.length === 0
        ? [['', canon(value)]]
        : inside.flatMap(([key, inner]) => leavesOf(inner).map(([below, text]) => [`.${key}${below}`, text] as const));
    leavesOfMap.set(value, leaves);
  }
  return leaves;
}

const shaOfCode = new WeakMap<object, GitOid>();

/** The git tree id over reachable sources; packages stand in it as one listing under a name no source can have. */
export function codeSha(code: Readonly<Record<string, string>>): GitOid {
  const known = shaOfCode.get(code);
  if (known !== undefined) return known;
  const files = new Map<string, GitOid>();
  const packages: string[] = [];
  for (const path of Object.keys(code).sort()) {
    const id = code[path] as string;
    if (/^[0-9a-f]{40}$/.test(id)) files.set(path, id as GitOid);
    else packages.push(`${path} ${id}\n`);
  }
  if (packages.length > 0) files.set('.packages', gitBlob(Buffer.from(packages.join(''))));
  const sha = gitTree(files);
  shaOfCode.set(code, sha);
  return sha;
}

/** config_hash: the identity leaves of the resolved config, every wired source's entry and digest, and what holds for all sources (D2). */
export function configHash(identity: Json, inputs: Json, sourceDefaults: Json): Sha256 {
  return sha256Json({ config: identity, inputs, source_defaults: sourceDefaults });
}

/** dataset_id of everything but unmodified legacy data. */
export function datasetId(facts: { configHash: string; seed: Json; generatorVersion: Json; gitSha: string }): string {
  const { configHash: config_hash, seed, generatorVersion: generator_version, gitSha: git_sha } = facts;
  return `syn_${sha256Json({ config_hash, seed, generator_version, git_sha }).slice(0, 12)}`;
}
