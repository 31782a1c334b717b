// `pipeline push`: puts datasets, sources and stage outputs into the remote, with the receipts that give others cache hits.
import { type Problem, raise } from '../lib/base/problem.ts';
import type { DvcConfig } from '../lib/dvc/config-file.ts';
import { findDataset } from '../lib/dvc/datasets.ts';
import { type DatasetRecord, type Moved, push, type Wanted, writeRecord } from '../lib/dvc/remote.ts';
import { inputsOf, localRecord } from '../lib/dvc/roots.ts';
import { bytesText, count } from '../lib/engine/narrate.ts';
import type { Receipt } from '../lib/store/receipt.ts';
import { type Data, datasetsUnder, openRemote, type Remote, rootsOf } from './data.ts';

export interface Pushed {
  readonly remote: string;
  readonly blobs: number;
  readonly bytes: number;
  readonly receipts: number;
}

/** Push one dataset, or without a word everything the workspace uses, as `dvc push` does. */
export function pushData(data: Data, word: string | undefined, remoteName: string | null): Pushed {
  const remote = openRemote(data.dvc, remoteName);
  const moved = word === undefined ? pushAll(data, remote) : pushOne(data, remote, word);
  raise(moved.problems);
  const { blobs, bytes, receipts } = moved;
  return { remote: remote.name, blobs, bytes, receipts };
}

/** Everything in use; what could not be pushed comes back as problems. */
export function pushAll(data: Pick<Data, 'project' | 'under'>, { depot }: Remote): Moved {
  const { project } = data;
  const { wanted, keys, records, datasets } = rootsOf(data);
  const moved = push(project.store, depot, wanted, receiptsOf(data, keys));
  for (const { name, artifact } of datasets) {
    const record = records.get(name);
    if (record !== undefined && depot.names().has(artifact.md5)) writeRecord(depot, name, record);
  }
  return moved;
}

function pushOne(data: Data, { depot }: Remote, word: string): Moved {
  const { project } = data;
  const dataset = findDataset(project.root, datasetsUnder(data), word);
  const record: DatasetRecord | null = localRecord(project.paths.state, dataset.name);
  const receipts = receiptsOf(data, new Set(record?.keys));
  const wanted: Wanted[] = [
    { md5: dataset.artifact.md5, name: dataset.path },
    ...inputsOf(dataset),
    ...receipts.flatMap(({ stage, outputs }) =>
      Object.entries(outputs).map(([port, { md5 }]) => ({ md5, name: `${stage}.${port}`, optional: true })),
    ),
  ];
  const moved = push(project.store, depot, wanted, receipts);
  if (record !== null && moved.problems.length === 0) writeRecord(depot, dataset.name, record);
  return moved;
}

function receiptsOf({ project }: Pick<Data, 'project'>, keys: ReadonlySet<string>): Receipt[] {
  return [...keys].flatMap((key) => project.receipts.read(key) ?? []);
}

/** Push after a run, when the configuration asks for it; a failure is told and does not undo the run. */
export function pushAfterRun(
  data: Pick<Data, 'project' | 'under' | 'emit'>,
  dvc: DvcConfig,
  remoteName: string | null,
): readonly Problem[] {
  const remote = openRemote(dvc, remoteName);
  const { blobs, bytes, problems } = pushAll(data, remote);
  if (blobs > 0) data.emit({ type: 'pushed', remote: remote.name, blobs, bytes });
  return problems;
}

export function pushedText({ remote, blobs, bytes, receipts }: Pushed): string {
  if (blobs + receipts === 0) return `nothing to push: ${remote} has everything\n`;
  return `pushed ${count(blobs, 'blob')}, ${bytesText(bytes)}, and ${count(receipts, 'receipt')} to ${remote}\n`;
}
