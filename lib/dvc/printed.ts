// What DVC's files of the pipeline were last printed from, so that a run prints only the stages that gave something else.
import { yamlKey } from './yaml-scalar.ts';

/** What a run knows of the files' grounds. */
export interface Basis {
  /** Names everything the files rest on beside what units gave. */
  readonly ground: string;
  /** This run, and the one whose results it started from. */
  readonly run: string;
  readonly before: string;
  /** Stages whose units all have the inputs and outputs they had in that run. */
  readonly same: ReadonlySet<string>;
  /** Every stage of the run is done, so that what is remembered and what is printed say the same. */
  readonly whole: boolean;
}

/** Kept beside the receipts: the files as they were left, and by which run. */
export interface Printed {
  readonly format: 1;
  readonly ground: string;
  readonly run: string;
  /** Path -> md5. */
  readonly files: Readonly<Record<string, string>>;
}

export const PRINTED_FILE = '.pipeline/printed.json';

/** The note, or null: a torn one costs printing everything. */
export function parsePrinted(text: string | null): Printed | null {
  try {
    const value = JSON.parse(text ?? 'null') as Printed | null;
    return value?.format === 1 && typeof value.files === 'object' && value.files !== null ? value : null;
  } catch {
    return null;
  }
}

/** A text that `printLock` gave, with these stages' blocks in place of theirs; null when it has no block of one of them. */
export function replaceBlocks(text: string, blocks: ReadonlyMap<string, string>): string | null {
  if (blocks.size === 0) return text;
  // Only the key of a stage stands in the third column; a long one is written `? key` and goes on with `  :`.
  const parts = text.trimEnd().split(/\n(?= {2}[^ :])/);
  const at = new Map(parts.map((part, i) => [part.slice(0, part.indexOf('\n')), i]));
  for (const [name, block] of blocks) {
    const i = at.get(`  ${yamlKey(name)}:`);
    if (i === undefined) return null;
    parts[i] = block;
  }
  return `${parts.join('\n')}\n`;
}
