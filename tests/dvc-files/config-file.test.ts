import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { readConfig, remoteFolder } from '../../lib/dvc/config-file.ts';
import { editConfigText, parseConfigText } from '../../lib/dvc/config-text.ts';

const core = (key: string) => ({ section: 'core', name: null, key });
const cache = (key: string) => ({ section: 'cache', name: null, key });
const remote = (name: string, key: string) => ({ section: 'remote', name, key });

const read = (text: string, local: string | null = null) =>
  readConfig(
    [
      { file: '.dvc/config', text },
      { file: '.dvc/config.local', text: local },
    ],
    '/repo/.dvc',
    '/users/me',
  );

const problemOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const [first] = error.problems;
    return first!.place === undefined ? first!.code : `${first!.code}:${first!.place.line}`;
  }
  return 'accepted';
};

test('[S1-102] adding a default remote to an empty file gives the bytes DVC writes', () => {
  const first = editConfigText('config', '', remote('localstore', 'url'), '../../store');
  expect(editConfigText('config', first, core('remote'), 'localstore')).toBe(
    '[core]\n    remote = localstore\n[\'remote "localstore"\']\n    url = ../../store\n',
  );
});

test('editing one value leaves every other line as it was', () => {
  const text = '# ours\n[core]\n\tremote = a # why\n\n; odd = 1\n';
  expect(problemOf(() => editConfigText('c', text, core('remote'), 'b'))).toBe('dvc/malformed:5');
  const kept = '# ours\n[core]\n\tautostage=TRUE # why\n\n# end\n[remote "a"]\nurl = x\n';
  expect(editConfigText('c', kept, core('remote'), 'a')).toBe(
    '# ours\n[core]\n\tautostage=TRUE # why\n    remote = a\n\n# end\n[remote "a"]\nurl = x\n',
  );
  expect(editConfigText('c', kept, remote('A', 'url'), 'y,z')).toBe(kept.replace('url = x', '    url = "y,z"'));
  expect(editConfigText('c', kept, core('autostage'), null)).toBe('# ours\n\n# end\n[remote "a"]\nurl = x\n');
  expect(editConfigText('c', kept, cache('dir'), null)).toBe(kept);
});

test('any value that can be written is read back equal', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab/ ,#\'"[]=~;%()s\t') }), (value) => {
      let text: string;
      try {
        text = editConfigText('c', '[core]\n    remote = x\n', cache('dir'), value);
      } catch (error) {
        expect(error).toBeInstanceOf(ProblemError);
        fc.pre(false);
        return;
      }
      expect(parseConfigText('c', text).at(-1)!.value).toBe(value);
    }),
  );
});

test.each([
  ['plain', 'plain'],
  ['"a, b"', 'a, b'],
  ["'a # b'", 'a # b'],
  ['a # b', 'a'],
  ['a ; b', 'a ; b'],
  ['a, b', ['a', 'b']],
  ['a,', ['a']],
  [',', []],
  ['', ''],
  ['/tmp/a"b', '/tmp/a"b'],
  ['"a"b"', 'a"b'],
  ['"a', null],
  ['"a" b', null],
  ['a,,b', null],
])('the value %j is read as %j', (source, value) => {
  const act = () => parseConfigText('c', `[cache]\ndir = ${source}\n`)[0]!.value;
  if (value === null) expect(problemOf(act)).toBe('dvc/malformed:2');
  else expect(act()).toEqual(value);
});

describe('what DVC refuses is refused with its line', () => {
  test.each([
    ['an unknown section', '[core]\n[cor]\n', 2],
    ['an unknown key', '[core]\nremotes = a\n', 2],
    ['a value without a section', 'remote = a\n', 1],
    ['a line that says nothing', '[core]\nremote\n', 2],
    ['a section twice', '[core]\n[Core]\n', 2],
    ['a key twice', '[core]\nremote = a\nREMOTE = b\n', 3],
    ['escaped quotes in a section', '["remote \\"a\\""]\nurl = x\n', 1],
    ['a key no local remote has', '[remote "a"]\nurl = x\nregion = eu\n', 3],
    ['no true or false', '[core]\nno_scm = yes\n', 2],
    ['an unknown link type', '[cache]\ntype = reflink,clone\n', 2],
    ['a remote without a url', '[remote "a"]\njobs = 2\n', 2],
  ])('%s', (_, text, line) => {
    expect(problemOf(() => read(text))).toBe(`dvc/malformed:${line}`);
  });
});

test('the local file wins key by key and may complete a remote', () => {
  const config = read(
    '[core]\nremote = A\nautostage = True\n[remote "a"]\nurl = s3://b/k\nregion = eu\n',
    '[core]\nremote = b\n[remote "A"]\nsecret_access_key = x\n[remote "b"]\nurl = ../../b\n',
  );
  expect([config.remote, config.autostage]).toEqual(['b', true]);
  expect([...config.remotes.get('a')!.keys()]).toEqual(['url', 'region', 'secret_access_key']);
  expect(remoteFolder(config)).toBe('/b');
});

test('nothing configured means the cache in .dvc, reflinks or copies, and no remote', () => {
  const config = readConfig([], '/repo/.dvc', '/users/me');
  expect([config.cacheDir, config.linkTypes, config.remote]).toEqual(['/repo/.dvc/cache', ['reflink', 'copy'], null]);
  expect(problemOf(() => remoteFolder(config))).toBe('remote/missing');
});

test.each([
  ['../store', '/repo/store'],
  ['store', '/repo/.dvc/store'],
  ['/abs/./store/', '/abs/store/'],
  ['~/store', '/users/me/store'],
  ['file:///abs/store', '/abs/store'],
])('the url %s is the folder %s', (url, folder) => {
  expect(remoteFolder(read(`[remote "r"]\nurl = ${url}\n`), 'R')).toBe(folder);
});

test.each([
  ['a service', '[remote "r"]\nurl = s3://bucket/key\n', 'dvc/unsupported'],
  ['a cloud-versioned remote', '[remote "r"]\nurl = /a\nversion_aware = true\n', 'dvc/unsupported'],
  ['a circle', '[remote "r"]\nurl = remote://q/x\n[remote "q"]\nurl = remote://r\n', 'dvc/unsupported'],
  ['another name', '[remote "q"]\nurl = /a\n', 'remote/missing'],
])('%s is no local folder', (_, text, code) => {
  expect(problemOf(() => remoteFolder(read(text), 'r'))).toBe(code);
});

test('a circle is told whatever the case its remote is asked in', () => {
  expect(problemOf(() => remoteFolder(read('[remote "r"]\nurl = remote://r/x\n'), 'R'))).toBe('dvc/unsupported');
});

test('a remote may stand below another', () => {
  const config = read('[remote "r"]\nurl = remote://Q/a/b\n[remote "q"]\nurl = remote://p/c\n[remote "p"]\nurl = /d\n');
  expect(remoteFolder(config, 'r')).toBe('/d/c/a/b');
});

test('cache.type may be a quoted or a bare list', () => {
  for (const types of ['"hardlink,copy"', 'hardlink, copy']) {
    expect(read(`[cache]\ntype = ${types}\n`).linkTypes).toEqual(['hardlink', 'copy']);
  }
});

test('no text crashes the reader in another way than by problems', () => {
  const line = fc.constantFrom(
    '[core]',
    '[remote "a"]',
    '[\'remote "b"\']',
    'url = x',
    'remote = ',
    '= x',
    '[',
    '"a" = "b',
    '#',
    'x = a, b',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => void problemOf(() => read(lines.join('\n')))),
  );
});
