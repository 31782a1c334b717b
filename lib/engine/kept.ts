// What an earlier command found out and wrote down as JSON; it holds while what it was made from is the same.
import { dirname, join } from 'node:path';
import type { Json } from '../base/canon.ts';
import { sha256Json } from '../base/digest.ts';
import { type Document, parseDocument } from '../base/document.ts';
import { ensureDir, readTextIfAny, writeAtomic } from '../store/files.ts';
import type { BuiltCode, CodeRoots } from './build.ts';
import type { LoadOptions } from './checked.ts';
import type { Project } from './project.ts';
import type { Declaration } from './spec.ts';

/**
 * What the stages of bundles declare. Asking takes a thread and every package that their code loads, so it is done once for the
 * same bundles, packages and program.
 */
export function declarer({ codeDir, tmp }: CodeRoots, { build, describe }: LoadOptions, code: BuiltCode | null) {
  const path = join(codeDir, 'declared.json');
  const from = sha256Json([build, code?.packages ?? {}]);
  const known = kept<Record<string, Declaration>>(path, from) ?? {};
  const used: Record<string, Declaration> = {};
  return {
    of: async (entry: string): Promise<Declaration> => {
      const bundle = code?.bundles[entry] as string;
      const declaration = known[bundle] ?? (await describe(join(codeDir, bundle)));
      used[bundle] = declaration;
      return declaration;
    },
    /** Write down what was asked for. */
    keep: () => {
      if (Object.keys(used).some((bundle) => known[bundle] === undefined) && isJson(used)) keep(path, from, used, tmp);
    },
  };
}

/** The document of a text; of a text that was read before, only a place asks for the syntax again. */
export function keptDocument(project: Project, name: string, build: string, file: string, text: string): Document {
  const path = join(project.paths.documents, name);
  const from = sha256Json([build, text]);
  const value = kept<Json>(path, from);
  if (value === null) {
    const document = parseDocument(file, text);
    if (document.problems.length === 0) keep(path, from, document.value, project.tmp);
    return document;
  }
  let parsed: Document | null = null;
  return {
    file,
    text,
    value,
    problems: [],
    place: (...at) => {
      parsed ??= parseDocument(file, text);
      return parsed.place(...at);
    },
  };
}

function kept<T>(path: string, from: string): T | null {
  try {
    const found = JSON.parse(readTextIfAny(path) ?? 'null') as { from: string; value: T } | null;
    return found?.from === from ? found.value : null;
  } catch {
    return null;
  }
}

function keep(path: string, from: string, value: unknown, tmp: string): void {
  ensureDir(dirname(path));
  writeAtomic(path, JSON.stringify({ from, value }), tmp, { fsync: false });
}

/** False for a number that JSON would turn into null, such as the Infinity of a schema. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isJson);
}
