// `pipeline pull`: takes a dataset, its sources and its receipts from the remote, hashing every byte, and lays the dataset out.
import { raise } from '../lib/base/problem.ts';
import {
  type Dataset,
  datasetOf,
  latestName,
  listDatasets,
  meantName,
  readDataset,
  unknown,
} from '../lib/dvc/datasets.ts';
import { Publisher } from '../lib/dvc/publish.ts';
import {
  type DatasetRecord,
  type Moved,
  mustExist,
  pull,
  pullReceipts,
  readRecord,
  recordNames,
} from '../lib/dvc/remote.ts';
import { inputsOf } from '../lib/dvc/roots.ts';
import { bytesText, count } from '../lib/engine/narrate.ts';
import { alone, type Data, datasetsUnder, groundOf, openRemote, type Remote } from './data.ts';

export interface Pulled {
  readonly dataset: string;
  readonly path: string;
  readonly remote: string;
  readonly blobs: number;
  readonly bytes: number;
  readonly receipts: number;
}

export function pullData(data: Data, word: string, remoteName: string | null, signal: AbortSignal): Promise<Pulled> {
  return alone(data, 'pipeline pull', signal, () => {
    const remote = openRemote(data.dvc, remoteName);
    mustExist(remote.depot, remote.name);
    const { dataset, record } = find(data, remote, word);
    const { project } = data;
    const moved = [
      pull(project.store, remote.depot, [{ md5: dataset.artifact.md5, name: dataset.path }]),
      pull(project.store, remote.depot, inputsOf(dataset)),
    ];
    raise(moved.flatMap(({ problems }) => problems));
    moved.push(pullReceipts(project.store, project.receipts, remote.depot, record?.keys ?? []));
    const publisher = new Publisher(groundOf(project));
    publisher.skeleton();
    publisher.restore(dataset, record);
    publisher.apply();
    const sum = (part: 'blobs' | 'bytes' | 'receipts') => moved.reduce((total, one: Moved) => total + one[part], 0);
    return {
      dataset: dataset.name,
      path: dataset.path,
      remote: remote.name,
      blobs: sum('blobs'),
      bytes: sum('bytes'),
      receipts: sum('receipts'),
    };
  });
}

/** The dataset by the pointer that is here, else by the record the remote keeps of it. */
function find(data: Data, { depot }: Remote, word: string): { dataset: Dataset; record: DatasetRecord | null } {
  const { root } = data.project;
  const under = datasetsUnder(data);
  const name = meantName(root, under, word);
  const record = readRecord(depot, name);
  const here = readDataset(root, under, name);
  // A legacy id may name other bytes by now: the pointer here decides, and another's receipts are no use to it.
  if (here !== null) return { dataset: here, record: record !== null && sameBytes(record, here) ? record : null };
  const there = record === null ? null : datasetOf(`${under}/${name}.dvc`, record.text, latestName(root, under));
  if (there !== null) return { dataset: there, record };
  return unknown(name, [...new Set([...listDatasets(root, under).map((known) => known.name), ...recordNames(depot)])]);
}

function sameBytes({ pointer, text }: DatasetRecord, { artifact }: Dataset): boolean {
  return datasetOf(pointer, text, null)?.artifact.md5 === artifact.md5;
}

export function pulledText({ path, remote, blobs, bytes, receipts }: Pulled): string {
  const what =
    blobs + receipts === 0
      ? `everything was here`
      : `${count(blobs, 'blob')}, ${bytesText(bytes)}, and ${count(receipts, 'receipt')} from ${remote}`;
  return `${path} (${what})\n`;
}
