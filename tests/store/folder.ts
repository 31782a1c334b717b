// A store and a remote in a temporary folder, for tests that look at the bytes on disk.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifact, BlobStore } from '../../lib/store/blob.ts';
import { Depot } from '../../lib/store/depot.ts';
import { Marks } from '../../lib/store/marks.ts';
import { type Receipt, Receipts } from '../../lib/store/receipt.ts';

export interface Folder {
  readonly root: string;
  readonly store: BlobStore;
  readonly receipts: Receipts;
  readonly marks: Marks;
  readonly depot: Depot;
  /** Store a tree of texts. */
  tree(files: Readonly<Record<string, string>>): Artifact;
  /** A shard's tree of texts, which has no object. */
  listed(files: Readonly<Record<string, string>>): Artifact;
  receipt(key: string, outputs: Receipt['outputs']): Receipt;
  /** Another store beside the same remote. */
  other(): Folder;
}

const made: string[] = [];

export function removeFolders(): void {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
}

export function openFolder(remote?: string): Folder {
  const root = mkdtempSync(join(tmpdir(), 'marketloom-store-'));
  made.push(root);
  mkdirSync(join(root, 'laying'));
  const marks = new Marks(root, join(root, 'state'));
  const store = new BlobStore({
    cacheDir: join(root, '.dvc', 'cache'),
    quarantine: join(root, 'quarantine'),
    laying: join(root, 'laying'),
    links: ['copy'],
    marks,
  });
  const receipts = new Receipts(join(root, 'receipts'), store.tmp);
  const depot = new Depot(remote ?? join(root, 'remote'));
  const put = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([relpath, text]) => ({ relpath, ...store.put(text) }));
  return {
    root,
    store,
    receipts,
    marks,
    depot,
    tree: (files) => store.putTree(put(files)),
    listed: (files) => store.listTree(put(files)),
    receipt: (key, outputs) => {
      const receipt: Receipt = {
        format: 1,
        key: key.padEnd(64, '0') as Receipt['key'],
        stage: 'demo',
        element: null,
        outputs,
        parts: {},
        verdict: null,
        made: { at: '2026-01-01T00:00:00.000Z', durationMs: 1, run: 'r', head: null, dirty: null, node: 'v20' },
      };
      receipts.write(receipt);
      return receipt;
    },
    other: () => openFolder(depot.root),
  };
}
