// Hash primitives; each kind of digest is its own type, so one is never taken for another.
import crypto, { createHash } from 'node:crypto';
import { canon, type Json } from './canon.ts';

/** Lower-case hex md5 of a file's bytes, or that of a DVC directory object followed by `.dir`. */
export type Md5 = string & { readonly __digest: 'md5' };
/** Lower-case hex sha256. */
export type Sha256 = string & { readonly __digest: 'sha256' };
/** Lower-case hex sha1 of a git object. */
export type GitOid = string & { readonly __digest: 'git' };

export type Bytes = string | Uint8Array;

export function md5(bytes: Bytes): Md5 {
  return createHash('md5').update(bytes).digest('hex') as Md5;
}

export function sha256(bytes: Bytes): Sha256 {
  // A stream costs more than what it is told of a name.
  const hex = crypto.hash?.('sha256', bytes, 'hex') ?? createHash('sha256').update(bytes).digest('hex');
  return hex as Sha256;
}

/** sha256 of the canonical JSON of a value: the identity of configs, keys and datasets. */
export function sha256Json(value: Json): Sha256 {
  return sha256(canon(value));
}

/** The id git gives these bytes as a blob. */
export function gitBlob(bytes: Uint8Array): GitOid {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex') as GitOid;
}

/** The id git gives a tree of files, from `path -> blob id` with `/` between folders. */
export function gitTree(files: ReadonlyMap<string, GitOid>): GitOid {
  const here: { mode: string; name: string; oid: GitOid }[] = [];
  const below = new Map<string, Map<string, GitOid>>();
  for (const [path, oid] of files) {
    const slash = path.indexOf('/');
    if (slash < 0) here.push({ mode: '100644', name: path, oid });
    else {
      const folder = path.slice(0, slash);
      if (!below.has(folder)) below.set(folder, new Map());
      below.get(folder)!.set(path.slice(slash + 1), oid);
    }
  }
  for (const [name, inner] of below) here.push({ mode: '40000', name, oid: gitTree(inner) });
  // git sorts entries by bytes, a folder as if its name ended with a slash.
  const order = (e: { mode: string; name: string }) => Buffer.from(e.mode === '40000' ? `${e.name}/` : e.name);
  here.sort((a, b) => Buffer.compare(order(a), order(b)));
  const body = Buffer.concat(
    here.map((e) => Buffer.concat([Buffer.from(`${e.mode} ${e.name}\0`), Buffer.from(e.oid, 'hex')])),
  );
  return createHash('sha1').update(`tree ${body.length}\0`).update(body).digest('hex') as GitOid;
}
