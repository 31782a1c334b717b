// Sources are artifacts too: found where the user keeps them, imported into the store, laid under data/sources.
import * as fs from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Json } from '../base/canon.ts';
import type { Place } from '../base/place.ts';
import { type Problem, ProblemError } from '../base/problem.ts';
import type { Artifact, SizedEntry } from '../store/blob.ts';
import { statIfAny, walk } from '../store/files.ts';
import { treeDigest } from '../store/tree.ts';
import type { Project } from './project.ts';

export interface SourceSpec {
  readonly name: string;
  /** As written: `npm:package/file`, or a path relative to the project. */
  readonly path: string;
  /** The whole entry, for stages that read it as a param. */
  readonly value: Json;
  readonly place?: Place;
}

/** One file of a source: its name inside the source and where it is. */
interface Found {
  readonly relpath: string;
  readonly path: string;
}

/** Where a source's path points. An `npm:` path is found by walking up node_modules, as Node does; its place enters no hash. */
export function resolveSource(project: Pick<Project, 'root' | 'own'>, source: SourceSpec): string {
  if (!source.path.startsWith('npm:'))
    return isAbsolute(source.path) ? source.path : resolve(project.root, source.path);
  const inside = source.path.slice('npm:'.length);
  for (const start of [project.root, project.own]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', inside);
      if (fs.existsSync(candidate)) return candidate;
      if (dirname(folder) === folder) break;
    }
  }
  throw new ProblemError(missing(source, 'its package is not installed; run `npm ci`'));
}

function missing(source: SourceSpec, hint: string): Problem {
  return {
    code: 'source/missing',
    message: `source \`${source.name}\` has no file or folder at \`${source.path}\``,
    place: source.place,
    hint,
  };
}

function unsafe(source: SourceSpec, what: string): Problem {
  return {
    code: 'source/unsafe',
    message: `source \`${source.name}\` ${what}`,
    place: source.place,
    hint: 'replace links by the files they name, or name the real place in the file of sources',
  };
}

/** A system error, a loop of links or a folder nobody may enter, becomes a problem with the source's place. */
function look<T>(source: SourceSpec, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError(unsafe(source, `cannot be read: ${error.problems[0]?.message}`), { cause: error });
  }
}

/** A path inside the project must mean the same files in every clone, so no part of it may be a link. */
export function leadsElsewhere(root: string, path: string): boolean {
  const inside = relative(root, path);
  if (inside.startsWith('..') || isAbsolute(inside)) return false;
  for (let part = path; part.length > root.length; part = dirname(part))
    if (statIfAny(part, true)?.isSymbolicLink()) return true;
  return false;
}

/** The files of a source, found where the user keeps them. Throws source/missing and source/unsafe. */
export function filesOf(project: Project, source: SourceSpec): { files: readonly Found[]; folder: boolean } {
  const path = resolveSource(project, source);
  const stat = look(source, () => statIfAny(path));
  if (stat === undefined) throw new ProblemError(missing(source, 'paths are relative to the folder of pipeline.yaml'));
  if (!stat.isFile() && !stat.isDirectory()) throw new ProblemError(unsafe(source, 'is neither a file nor a folder'));
  if (!source.path.startsWith('npm:') && leadsElsewhere(project.root, path))
    throw new ProblemError(unsafe(source, 'is reached through a link'));
  if (!stat.isDirectory()) return { files: [{ relpath: basename(path), path }], folder: false };
  const files = walk(path, (folder) => project.marks.watch(join(path, folder)))
    .filter(({ relpath }) => !relpath.split('/').some((part) => part.startsWith('.')))
    .map(({ relpath, kind }) => {
      if (kind !== 'file') throw new ProblemError(unsafe(source, `holds \`${relpath}\`, which is not a plain file`));
      return { relpath, path: join(path, relpath) };
    });
  if (files.length === 0) throw new ProblemError(missing(source, 'the folder is empty'));
  return { files, folder: true };
}

/** The artifact a source is now; its blobs are put into the store when they are not there. */
export function importSource(project: Project, source: SourceSpec): { artifact: Artifact; imported: boolean } {
  const { store, marks } = project;
  const { files, folder } = filesOf(project, source);
  let imported = false;
  const entries = files.map(({ relpath, path }): SizedEntry => {
    const known = marks.md5(path);
    if (known !== null && store.has(known.md5)) return { relpath, md5: known.md5, size: known.size };
    imported = true;
    return { relpath, ...store.import(path) };
  });
  const [only] = entries;
  if (!folder && only) return { artifact: { md5: only.md5, size: only.size }, imported };
  return { artifact: store.has(treeDigest(entries)) ? sized(entries) : store.putTree(entries), imported };
}

function sized(entries: readonly SizedEntry[]): Artifact {
  return {
    md5: treeDigest(entries),
    size: entries.reduce((sum, entry) => sum + entry.size, 0),
    nfiles: entries.length,
  };
}
