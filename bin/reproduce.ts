// `pipeline reproduce`: makes a dataset again elsewhere, from its manifest and the store or the remote alone, and compares every file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Md5 } from '../lib/base/digest.ts';
import { type Problem, ProblemError, raise } from '../lib/base/problem.ts';
import { type Dataset, datasetOf, findDataset, meantName, readDataset } from '../lib/dvc/datasets.ts';
import { pull, readRecord, treeAt, type Wanted } from '../lib/dvc/remote.ts';
import type { Recorded } from '../lib/engine/checked.ts';
import { firstDifference } from '../lib/engine/evidence.ts';
import type { JsonMap } from '../lib/engine/leaves.ts';

import type { Artifact, BlobStore } from '../lib/store/blob.ts';
import { Depot } from '../lib/store/depot.ts';
import { type CheckedOut, checkOut } from './checkout.ts';
import { anyRemote, type Data, datasetsUnder } from './data.ts';
import { differingFacts } from './differing.ts';
import type { Program } from './open.ts';
import { openApart, type Remade, remakeApart } from './remake.ts';

export interface Reproduced {
  readonly dataset: string;
  readonly files: number;
  readonly bytes: number;
  /** The commit whose code made it again; null for the code that is here. */
  readonly commit: string | null;
}

/** What is read of a manifest; the rest of it is compared, not used. */
interface Manifest {
  readonly dataset_id: string;
  readonly git_sha: string;
  readonly config: JsonMap;
  readonly inputs: readonly {
    readonly name: string;
    readonly entry: JsonMap;
    readonly md5: Md5;
    readonly files: readonly { readonly size: number }[];
  }[];
  readonly source_defaults: JsonMap;
  readonly code: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, string>>;
}

/** Throws `reproduce/other-code` when the code here is not the dataset's, `reproduce/differs` when the bytes are not. */
export async function reproduce(
  program: Program,
  data: Data,
  word: string,
  options: { readonly checkout: boolean },
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Reproduced> {
  const scratch = mkdtempSync(join(tmpdir(), 'marketloom-reproduce-'));
  let out: CheckedOut | null = null;
  try {
    const { root } = data.project;
    const made = join(scratch, 'made');
    const dataset = locate(data, word);
    const was = storeIn(root, join(scratch, 'was'));
    const depots = depotsOf(data);
    const entries = treeOf(was, depots, dataset);
    const manifest = readManifest(was, depots, dataset);
    fetch(
      storeIn(root, made),
      depots,
      manifest.inputs.map(({ name, md5 }) => ({ md5, name: `source ${name}` })),
    );
    const commit = typeof dataset.meta.head === 'string' ? dataset.meta.head : null;
    if (options.checkout) {
      if (commit === null) throw new ProblemError(noCommit(dataset));
      say(`checking out ${commit} and building it`);
      out = checkOut({ root, own: program.own, commit, folder: join(scratch, 'code') });
    }
    say(`making ${dataset.name} again`);
    const remade = await remakeApart(
      out?.own ?? program.own,
      {
        root: out?.root ?? root,
        scratch: made,
        jobs: 2,
        trapped: true,
        disturb: null,
        shuffle: null,
        flags: {},
        recorded: recordedIn(manifest),
        gitSha: manifest.git_sha,
      },
      {},
      signal,
    );
    if (remade.gitSha !== manifest.git_sha)
      throw new ProblemError(otherCode(dataset, manifest, remade, options.checkout));
    raise(remade.problems);
    await compare(dataset, remade, { was, now: storeIn(root, made) }, depots);
    return {
      dataset: dataset.name,
      files: entries,
      bytes: dataset.artifact.size,
      commit: options.checkout ? commit : null,
    };
  } finally {
    out?.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** By the pointer here, else by the record that the remote keeps. */
function locate(data: Data, word: string): Dataset {
  const { root } = data.project;
  const under = datasetsUnder(data);
  const name = meantName(root, under, word);
  const depot = anyRemote(data.dvc)?.depot;
  const record = readDataset(root, under, name) === null && depot ? readRecord(depot, name) : null;
  return (record && datasetOf(`${under}/${name}.dvc`, record.text, null)) ?? findDataset(root, under, word);
}

/** A store of its own; what it fetches is hashed on the way. */
function storeIn(root: string, scratch: string): BlobStore {
  return openApart(root, root, scratch).store;
}

/** Where bytes may come from: the project's own store, read as any other folder in that layout, then the remote. */
function depotsOf({ project, dvc }: Data): Depot[] {
  return [new Depot(project.store.cacheDir), ...[anyRemote(dvc)?.depot ?? []].flat()];
}

/** Throws what the last place to look lacks or has damaged. */
function fetch(store: BlobStore, depots: readonly Depot[], wanted: readonly Wanted[]): void {
  let problems: readonly Problem[] = [];
  for (const depot of depots) {
    ({ problems } = pull(store, depot, wanted));
    if (problems.length === 0) return;
  }
  raise(problems);
}

/** Put the dataset's list of files, but not the files, into a store; returns how many they are. */
function treeOf(store: BlobStore, depots: readonly Depot[], { artifact, path }: Dataset): number {
  const problems = new Map<string, Problem>();
  for (const depot of depots) {
    const entries = treeAt(store, depot, artifact.md5, path, problems);
    if (entries === null) continue;
    store.putTree(entries.map((entry) => ({ ...entry, size: 0 })));
    return entries.length;
  }
  throw new ProblemError([...problems.values()].slice(-1));
}

function readManifest(store: BlobStore, depots: readonly Depot[], { artifact, name, path }: Dataset): Manifest {
  const entry = store.readTree(artifact.md5).find(({ relpath }) => relpath === 'manifest.json');
  if (entry === undefined)
    throw new ProblemError({ code: 'store/missing', message: `the dataset ${name} has no manifest.json` });
  fetch(store, depots, [{ md5: entry.md5, name: `${path}/manifest.json` }]);
  return JSON.parse(Buffer.from(store.read(entry.md5)).toString('utf8')) as Manifest;
}

function recordedIn({ dataset_id: datasetId, config, inputs, source_defaults: sourceDefaults }: Manifest): Recorded {
  const sources = inputs.map(({ name, entry, md5, files }) => {
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const artifact: Artifact = { md5, size, ...(md5.endsWith('.dir') && { nfiles: files.length }) };
    return { name, entry, artifact };
  });
  return { datasetId, config, sources, sourceDefaults };
}

async function compare(
  dataset: Dataset,
  remade: Remade,
  stores: { readonly was: BlobStore; readonly now: BlobStore },
  depots: readonly Depot[],
): Promise<void> {
  const now = remade.dataset;
  if (now === null) throw new Error(`the pipeline made no dataset again for ${dataset.name}`);
  if (now.md5 === dataset.artifact.md5) return;
  const both = [{ dataset: dataset.artifact }, { dataset: now }] as const;
  const { file } = firstDifference(...both, stores) ?? { file: '' };
  const [left, right] = [stores.was.readTree(dataset.artifact.md5), stores.now.readTree(now.md5)].map(
    (entries) => new Map(entries.map((entry) => [entry.relpath, entry.md5])),
  );
  const names = [...new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])].sort();
  const differing = names.filter((name) => left?.get(name) !== right?.get(name));
  // Only the file that is shown is worth fetching.
  const md5 = left?.get(file);
  if (md5 !== undefined) fetch(stores.was, depots, [{ md5, name: `${dataset.path}/${file}` }]);
  const found = firstDifference(...both, stores);
  const facts = found && (await differingFacts(found, stores, { was: 'published', now: 'made again' }));
  throw new ProblemError({
    code: 'reproduce/differs',
    message: `${dataset.name} comes out different: ${differing.length} of ${names.length} files`,
    facts: { ...facts, files: list(differing) },
    hint: 'the same code and configuration gave other bytes: `pipeline check` looks for chance, `pipeline verify` for damage',
  });
}

function otherCode(dataset: Dataset, manifest: Manifest, remade: Remade, checkedOut: boolean): Problem {
  const packages = Object.fromEntries(Object.entries(manifest.packages).map(([name, id]) => [`npm:${name}`, id]));
  const was: Readonly<Record<string, string>> = { ...manifest.code, ...packages };
  const names = [...new Set([...Object.keys(was), ...Object.keys(remade.code)])].sort();
  const differing = names.filter((name) => was[name] !== remade.code[name]);
  const { head, dirty } = dataset.meta;
  const commit = typeof head === 'string' ? head : null;
  return {
    code: 'reproduce/other-code',
    message: `${dataset.name} was made by other code than ${checkedOut ? `commit ${commit} holds` : 'is here'}`,
    facts: {
      differs: list(differing),
      commit: commit ?? '(not recorded)',
      ...(dirty === true && { note: 'it was made with changes that were not committed' }),
    },
    hint:
      commit === null || checkedOut
        ? 'bring these files back to what the manifest says, then reproduce'
        : `check out ${commit}, or let \`pipeline reproduce ${dataset.name} --checkout\` do it elsewhere`,
  };
}

function noCommit(dataset: Dataset): Problem {
  return {
    code: 'git/failed',
    message: `the pointer of ${dataset.name} names no commit to check out`,
    hint: 'it was made outside a git repository; reproduce it without --checkout',
  };
}

const LISTED = 8;

function list(names: readonly string[]): string {
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).join(', ') + more;
}
