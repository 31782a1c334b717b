// `pipeline gc`: frees what no pointer, lock, branch, tag, receipt in use or evidence names, here or in the remote.
import type { Md5 } from '../lib/base/digest.ts';
import type { Problem } from '../lib/base/problem.ts';
import { mustExist, treeAt } from '../lib/dvc/remote.ts';
import { evidence, isDvcFile, mentionedIn } from '../lib/dvc/roots.ts';
import { bytesText, count } from '../lib/engine/narrate.ts';
import { filesInRefs } from '../lib/git/revision.ts';
import { contentOf } from '../lib/store/receipt.ts';
import { closure, receiptsInUse, type Swept, sweep, sweepRemote } from '../lib/store/sweep.ts';
import { alone, anyRemote, type Data, openRemote, rootsOf } from './data.ts';

export interface GcFlags {
  readonly dryRun?: boolean;
  /** True for the default remote, or a name. */
  readonly remote?: string | boolean;
}

export interface GcAnswer extends Swept {
  readonly where: string;
  readonly dryRun: boolean;
}

export function collectGarbage(data: Data, flags: GcFlags, signal: AbortSignal): Promise<GcAnswer> {
  return alone(data, 'pipeline gc', signal, async () => {
    const { project } = data;
    const { store, receipts } = project;
    const dryRun = flags.dryRun ?? false;
    const asked = flags.remote ? openRemote(data.dvc, flags.remote === true ? null : flags.remote) : null;
    if (asked !== null) mustExist(asked.depot, asked.name);
    const there = asked ?? anyRemote(data.dvc);

    const roots = rootsOf(data);
    const committed = await filesInRefs(project.root, isDvcFile);
    const named = [
      ...roots.wanted.map(({ md5 }) => md5),
      ...committed.flatMap(({ path, text }) => mentionedIn(path, text)),
      ...evidence(project.paths.evidence),
    ];
    const readTree = (md5: string) => {
      if (store.has(md5)) return store.readTree(md5);
      return there === null ? null : treeAt(store, there.depot, md5 as Md5, md5, new Map<string, Problem>());
    };
    const lost: string[] = [];
    const used = closure(named, readTree, (md5) => lost.push(md5));
    if (lost.length > 0) {
      const message = `${count(lost.length, 'folder')} in use can be read neither here nor in the remote; files only they name are not kept`;
      data.emit({ type: 'notice', level: 'warn', message, facts: { first: lost[0] as string } });
    }
    const kept = receiptsInUse(receipts, roots.keys, used);
    const all = closure([...used, ...kept.flatMap(contentOf).map(({ md5 }) => md5)], readTree, () => {});
    if (asked !== null) return { where: asked.name, dryRun, ...sweepRemote(asked.depot, all, dryRun) };
    return { where: 'the cache', dryRun, ...sweep(store, receipts, all, new Set(kept.map(({ key }) => key)), dryRun) };
  });
}

export function gcText({ where, dryRun, blobs, bytes, receipts }: GcAnswer): string {
  if (blobs + receipts === 0) return `nothing to free in ${where}\n`;
  const act = dryRun ? 'would free' : 'freed';
  return `${act} ${bytesText(bytes)} in ${where}: ${count(blobs, 'blob')}, ${count(receipts, 'receipt')}\n`;
}
