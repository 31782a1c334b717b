// An entry names one file or folder by path and digest; .dvc files and dvc.lock hold lists of them.
import type { Json } from '../base/canon.ts';
import type { Md5 } from '../base/digest.ts';
import type { Path } from '../base/document.ts';
import type { JsonMap, Reader } from './reader.ts';

export interface Entry {
  /** As the file spells it, relative to the stage's working folder. */
  readonly path: string;
  /** Null when nothing is recorded yet. */
  readonly md5: Md5 | null;
  /** Bytes; of a folder, the sum over its files. */
  readonly size?: number;
  /** Number of files, for a folder. */
  readonly nfiles?: number;
  readonly isexec?: boolean;
}

/** Keys of an entry in any file, and those that mark data which lives in clouds, imports or other tools. */
export const ENTRY_KEYS = ['path', 'hash', 'md5', 'size', 'nfiles', 'isexec'] as const;
export const UNSERVED_KEYS = ['etag', 'checksum', 'version_id', 'cloud', 'files', 'fs_config', 'repo', 'db', 'dataset'];

/** Read one entry; null when it is not usable at all. Problems go to the reader. */
export function readEntry(reader: Reader, map: JsonMap, path: Path): Entry | null {
  const name = reader.field(map, 'path', 'string', path);
  if (name === undefined || name === '') {
    if (!Object.hasOwn(map, 'path') || name === '') reader.report('dvc/malformed', path, 'An entry must have a path');
    return null;
  }
  const md5 = readMd5(reader, map, path);
  const hash = map.hash;
  if (hash !== undefined && hash !== 'md5') {
    reader.report('dvc/malformed', [...path, 'hash'], 'hash must be md5');
  } else if (hash === undefined && md5 !== null) {
    const hint = 'Run `dvc cache migrate --dvc-files` and commit the result';
    reader.report('store/legacy-layout', path, `${name} was recorded by DVC 2, whose digests mean other bytes`, hint);
  }
  const size = reader.field(map, 'size', 'count', path);
  const nfiles = reader.field(map, 'nfiles', 'count', path);
  const isexec = reader.field(map, 'isexec', 'boolean', path);
  return {
    path: name,
    md5,
    ...(size === undefined ? {} : { size }),
    ...(nfiles === undefined ? {} : { nfiles }),
    ...(isexec === undefined ? {} : { isexec }),
  };
}

function readMd5(reader: Reader, map: JsonMap, path: Path): Md5 | null {
  const value: Json | undefined = map.md5;
  if (value === undefined || value === null || value === '') return null;
  // An all-digit id without quotes is a number to YAML and has lost its leading zeros.
  if (typeof value === 'string' && /^[0-9a-f]{32}(\.dir)?$/i.test(value)) return value.toLowerCase() as Md5;
  reader.report('dvc/malformed', [...path, 'md5'], 'md5 must be 32 hex digits as text, with .dir for a folder');
  return null;
}
