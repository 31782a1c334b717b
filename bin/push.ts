// `pipeline push`: puts datasets, sources and stage outputs into the remote, with the receipts that give others cache hits.
import { nowMs } from '../lib/base/clock.ts';
import { type Problem, raise } from '../lib/base/problem.ts';
import type { DvcConfig } from '../lib/dvc/config-file.ts';
import { findDataset } from '../lib/dvc/datasets.ts';
import { type DatasetRecord, type Moved, push, type Wanted, writeRecord } from '../lib/dvc/remote.ts';
import { inputsOf, localRecord } from '../lib/dvc/roots.ts';
import { bytesText, count } from '../lib/engine/narrate.ts';
import type { Project } from '../lib/engine/project.ts';
import { keepLooks, writeAtomic } from '../lib/store/files.ts';
import type { Mark } from '../lib/store/glance.ts';
import { contentOf, type Receipt } from '../lib/store/receipt.ts';
import { encodeState, GRAIN_MS } from '../lib/store/state.ts';
import { type Data, datasetsUnder, openData, openRemote, type Remote, rootsOf } from './data.ts';
import type { Context } from './door.ts';

export interface Pushed {
  readonly remote: string;
  readonly blobs: number;
  readonly bytes: number;
  readonly receipts: number;
}

export interface PushFlags {
  readonly remote?: string;
  readonly json?: boolean;
}

/** The command: push, and when there was nothing to push, remember what that rests on. */
export function pushCommand(context: Context, word: string | undefined, flags: PushFlags): Pushed {
  const looks = keepLooks();
  const data = openData(context);
  const pushed = pushData(data, word, flags.remote ?? null);
  if (pushed.blobs + pushed.receipts === 0 && !flags.json) remember(context, data.project, looks, pushed);
  return pushed;
}

/** Younger files and folders prove nothing: a remote may be a disk that is carried about, whose clock (FAT) ticks every two seconds. */
const OLD_MS = 2000 + GRAIN_MS;

/** Keep the answer for the launcher: it stays true while every file and folder that was looked at is as it was. */
function remember(context: Context, project: Project, looks: ReadonlyMap<string, Mark | null>, pushed: Pushed): void {
  const { root, paths, tmp } = project;
  const youngMs = nowMs() - OLD_MS;
  const marks: number[] = [];
  for (const found of looks.values()) {
    if (found === null) marks.push(0, -1, 0, 0, 0, 0);
    else if (Math.max(found.mtimeMs, found.ctimeMs) >= youngMs) return;
    else {
      const { ino, size, mtimeS, mtimeNs, ctimeS, ctimeNs } = found;
      marks.push(ino, size, mtimeS, mtimeNs, ctimeS, ctimeNs);
    }
  }
  const names = [...looks.keys()].map((path) => (path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path));
  const asked = {
    question: context.program.question(root, context.args.slice(1)),
    answers: { push: { stdout: pushedText(pushed), stderr: '' } },
  };
  writeAtomic(
    paths.pushed,
    encodeState(
      asked,
      names,
      marks,
      names.map(() => ''),
    ),
    tmp,
    { fsync: false },
  );
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
    ...receipts.flatMap(contentOf).map((one) => ({ ...one, optional: true })),
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
