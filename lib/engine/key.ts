// The key of a unit: the sha256 of everything that could change its result and nothing else (design D1).
import { canon, type Json } from '../base/canon.ts';
import { type GitOid, gitBlob, gitTree, type Sha256, sha256Json } from '../base/digest.ts';

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

/** One traversal gives the key and its explanation. */
export function keyOf(input: KeyInput): { key: Sha256; parts: KeyParts } {
  const shown: Record<string, string> = {};
  const params: Record<string, Json> = {};
  for (const [name, param] of input.params) {
    params[name] = param.value;
    flatten(param.shown, param.value, shown);
  }
  if (input.seed !== null) shown['seed'] = canon(input.seed);
  if (input.generatorVersion !== null) shown['generator_version'] = canon(input.generatorVersion);
  const key = sha256Json({
    stage: input.stage,
    element: input.element,
    params,
    seed: input.seed,
    generator_version: input.generatorVersion,
    git_sha: codeSha(input.code),
    inputs: input.inputs,
  });
  return { key, parts: { params: shown, code: input.code, inputs: input.inputs } };
}

/** Maps are shown leaf by leaf, so that an explanation names what changed and not its neighbours. */
function flatten(name: string, value: Json, into: Record<string, string>): void {
  const inside = typeof value !== 'object' || value === null || Array.isArray(value) ? [] : Object.entries(value);
  if (inside.length === 0) into[name] = canon(value);
  for (const [key, inner] of inside) flatten(`${name}.${key}`, inner, into);
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
