// One key, one result: when a key gives other bytes than before, both results are kept and the first difference is named (D12).
import { join } from 'node:path';
import type { Problem } from '../base/problem.ts';
import type { Artifact, BlobStore } from '../store/blob.ts';
import { ensureDir, readBytes, writeAtomic } from '../store/files.ts';
import type { Receipt } from '../store/receipt.ts';
import type { Project } from './project.ts';

export interface Difference {
  readonly output: string;
  /** File inside a tree, or empty. */
  readonly file: string;
  /** Offset of the first differing byte; null when one side's bytes are gone or the file is on one side only. */
  readonly byte: number | null;
  /** Line of that byte from 1, for text. */
  readonly row: number | null;
  readonly was: string;
  readonly now: string;
}

/** The first difference between two results, in port and name order. */
export function firstDifference(
  was: Readonly<Record<string, Artifact>>,
  now: Readonly<Record<string, Artifact>>,
  stores: { readonly was: BlobStore; readonly now: BlobStore },
): Difference | null {
  for (const output of [...new Set([...Object.keys(was), ...Object.keys(now)])].sort()) {
    const [a, b] = [was[output]?.md5 ?? '', now[output]?.md5 ?? ''];
    if (a === b) continue;
    const [left, right] = [filesOf(was[output], stores.was), filesOf(now[output], stores.now)];
    if (left !== null && right !== null) {
      for (const file of [...new Set([...left.keys(), ...right.keys()])].sort()) {
        const [x, y] = [left.get(file) ?? '', right.get(file) ?? ''];
        if (x !== y) return { output, file, ...firstByte(x, y, stores), was: x || '(absent)', now: y || '(absent)' };
      }
    }
    return { output, file: '', ...firstByte(a, b, stores), was: a || '(absent)', now: b || '(absent)' };
  }
  return null;
}

/** A tree's files by name; null of what is none or has lost its object. */
function filesOf(artifact: Artifact | undefined, store: BlobStore): ReadonlyMap<string, string> | null {
  if (!artifact?.md5.endsWith('.dir') || (artifact.files === undefined && !store.has(artifact.md5))) return null;
  return new Map((artifact.files ?? store.readTree(artifact.md5)).map(({ relpath, md5 }) => [relpath, md5]));
}

function firstByte(
  a: string,
  b: string,
  stores: { was: BlobStore; now: BlobStore },
): { byte: number | null; row: number | null } {
  if (a === '' || b === '' || !stores.was.has(a) || !stores.now.has(b)) return { byte: null, row: null };
  const [left, right] = [readBytes(stores.was.path(a)), readBytes(stores.now.path(b))];
  let byte = 0;
  while (byte < left.length && byte < right.length && left[byte] === right[byte]) byte++;
  const head = Buffer.from(left.subarray(0, byte));
  const binary = head.includes(0) || Buffer.from(left.subarray(0, 4)).toString('latin1') === 'PAR1';
  return { byte, row: binary ? null : head.toString('latin1').split('\n').length };
}

/** Keep both receipts side by side and say what differs first. */
export function keepEvidence(project: Project, was: Receipt, now: Receipt): Problem {
  const { store } = project;
  const found = firstDifference(was.outputs, now.outputs, { was: store, now: store });
  ensureDir(project.paths.evidence);
  const path = join(project.paths.evidence, `${now.key}.json`);
  writeAtomic(path, `${JSON.stringify({ key: now.key, difference: found, was, now }, null, 2)}\n`, project.tmp);
  const who = now.element === null ? `\`${now.stage}\`` : `\`${now.stage}\` for \`${now.element}\``;
  return {
    code: 'stage/nondeterministic',
    message: `stage ${who} gave other bytes for the same key`,
    facts: { ...(found && describeDifference(found)), evidence: `.pipeline/evidence/${now.key}.json` },
    hint: 'something outside its key reaches its output: time, chance, order of files or threads; `pipeline check` narrows it down',
  };
}

export function describeDifference(found: Difference): Record<string, string | number> {
  return {
    output: found.file === '' ? found.output : `${found.output}/${found.file}`,
    ...(found.byte !== null && { 'first differing byte': found.byte }),
    ...(found.row !== null && { row: found.row }),
    was: found.was,
    now: found.now,
  };
}
