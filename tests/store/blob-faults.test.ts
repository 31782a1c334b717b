import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { BlobStore, type LinkType } from '../../lib/store/blob.ts';
import { blobNames } from '../../lib/store/depot.ts';
import { failFs, healFs, replaceFs, systemError } from './faults.ts';
import { openFolder, removeFolders } from './folder.ts';

afterEach(() => {
  healFs();
  removeFolders();
});

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0]?.code ?? '';
    throw error;
  }
  return 'done';
};

describe('a store whose disk fails', () => {
  const acts = {
    'putting bytes': ({ store }: ReturnType<typeof openFolder>) => store.put('bytes'),
    'putting a tree': ({ store }: ReturnType<typeof openFolder>) => store.putTree([]),
    'importing a file': ({ store, root }: ReturnType<typeof openFolder>) => store.import(join(root, 'f')),
  };
  const writing = (act: string) => (act === 'importing a file' ? 'copyFileSync' : 'writeSync');
  const faults = (act: string) => [writing(act), 'fsyncSync', 'chmodSync', 'renameSync'] as const;
  test.each(Object.keys(acts).flatMap((act) => faults(act).map((fault) => [act as keyof typeof acts, fault] as const)))(
    'in %s at %s names the reason, has no blob and leaves no temporary file; then it can be done again',
    (act, fault) => {
      const folder = openFolder();
      writeFileSync(join(folder.root, 'f'), 'bytes');
      failFs(fault, 'ENOSPC');
      expect(codeOf(() => acts[act](folder))).toBe('store/no-space');
      healFs();
      expect([...blobNames(folder.store.cacheDir)]).toEqual([]);
      expect(readdirSync(folder.store.tmp)).toEqual([]);
      expect(folder.store.has(acts[act](folder).md5)).toBe(true);
    },
  );

  test('while it lays out leaves the old file and no temporary one', () => {
    const { store, root } = openFolder();
    const { md5 } = store.put('new');
    writeFileSync(join(root, 'out'), 'old');
    failFs('copyFileSync', 'ENOSPC');
    expect(codeOf(() => store.link(md5, join(root, 'out')))).toBe('store/no-space');
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('old');
    expect(readdirSync(join(root, 'laying'))).toEqual([]);
  });
});

test('a blob gets its name only when it is whole, durable and read-only', () => {
  const { store } = openFolder();
  const acts: string[] = [];
  for (const name of ['writeSync', 'fsyncSync', 'chmodSync', 'renameSync'] as const)
    replaceFs(name, (real, ...args) => {
      acts.push(name);
      return real(...args);
    });
  store.put('bytes');
  expect(acts).toEqual(['writeSync', 'fsyncSync', 'chmodSync', 'renameSync']);
});

test('[C-3] equal bytes are stored once, whatever way they come', () => {
  const folder = openFolder();
  const { store, root } = folder;
  writeFileSync(join(root, 'f'), 'bytes');
  const first = store.put('bytes');
  const { ino } = statSync(store.path(first.md5));
  expect([store.put(Buffer.from('bytes')), store.import(join(root, 'f'))]).toEqual([first, first]);
  expect(statSync(store.path(first.md5)).ino).toBe(ino);
  expect(readdirSync(store.tmp)).toEqual([]);
});

describe('link types', () => {
  const linking = (folder: ReturnType<typeof openFolder>, links: readonly LinkType[]) =>
    new BlobStore({
      cacheDir: folder.store.cacheDir,
      quarantine: join(folder.root, 'quarantine'),
      laying: join(folder.root, 'laying'),
      links,
      marks: folder.marks,
    });

  test.each(['EPERM', 'ENOTSUP', 'EXDEV', 'ENOTTY', 'ENOSYS', 'EINVAL', 'EMLINK'])(
    'that fail with %s give way to the next, and are not tried again',
    (code) => {
      const folder = openFolder();
      const store = linking(folder, ['hardlink', 'symlink', 'copy']);
      const [one, two] = [store.put('one'), store.put('two')];
      let tries = 0;
      for (const name of ['linkSync', 'symlinkSync'] as const)
        replaceFs(name, () => {
          tries++;
          throw systemError(code);
        });
      store.link(one.md5, join(folder.root, 'data/1'));
      store.link(two.md5, join(folder.root, 'data/2'));
      expect(tries).toBe(2);
      expect(readFileSync(join(folder.root, 'data/2'), 'utf8')).toBe('two');
      expect(readdirSync(join(folder.root, 'laying'))).toEqual([]);
    },
  );

  test('that fail for another reason, or when they are the last, are told', () => {
    const folder = openFolder();
    const { md5 } = folder.store.put('one');
    failFs('linkSync', 'EACCES');
    expect(codeOf(() => linking(folder, ['hardlink', 'copy']).link(md5, join(folder.root, 'out')))).toBe(
      'store/denied',
    );
    healFs();
    failFs('linkSync', 'EXDEV');
    expect(codeOf(() => linking(folder, ['hardlink']).link(md5, join(folder.root, 'out')))).toBe('store/io');
  });

  test('of files without bytes are copies, so that they do not use up the links of one blob', () => {
    const folder = openFolder();
    const store = linking(folder, ['hardlink']);
    const { md5 } = store.put('');
    store.link(md5, join(folder.root, 'out'));
    expect(readFileSync(join(folder.root, 'out'), 'utf8')).toBe('');
    expect(statSync(store.path(md5)).nlink).toBe(1);
    expect(statSync(join(folder.root, 'out')).mode & 0o200).toBe(0o200);
  });
});

test('a blob that is not there is a problem with the way out', () => {
  const { store } = openFolder();
  expect(() => store.read('0'.repeat(32))).toThrow(
    expect.objectContaining({
      problems: [expect.objectContaining({ code: 'store/missing', hint: expect.any(String) })],
    }),
  );
});
