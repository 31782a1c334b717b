// Whatever the real dvc writes must be read by us and printed again byte for byte.
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig, remoteFolder } from '../../lib/dvc/config-file.ts';
import { type ConfigAddress, editConfigText, parseConfigText } from '../../lib/dvc/config-text.ts';
import { parseLock, printLock, printPipeline } from '../../lib/dvc/pipeline-file.ts';
import { parsePointer, printPointer } from '../../lib/dvc/pointer.ts';
import { parseTree, printTree } from '../../lib/store/tree.ts';
import { dvcTitle, openRig, type Rig, skipDvc } from './rig.ts';

const core = (key: string): ConfigAddress => ({ section: 'core', name: null, key });
const remote = (name: string, key: string): ConfigAddress => ({ section: 'remote', name, key });

describe.skipIf(skipDvc)(`files written by dvc, ${dvcTitle}`, () => {
  let rig: Rig;
  beforeAll(() => {
    rig = openRig();
    rig.dvc('init', '--quiet');
  });
  afterAll(() => rig?.close());

  test('[S1-102] dvc init and remote add write the config that we write', () => {
    expect(rig.read('.dvc/config')).toBe('');
    rig.dvc('remote', 'add', '-d', 'localstore', '../store');
    let ours = editConfigText('config', '', core('remote'), 'localstore');
    ours = editConfigText('config', ours, remote('localstore', 'url'), '../../store');
    expect(rig.read('.dvc/config')).toBe(ours);
    expect(rig.read('.dvc/.gitignore')).toBe('/config.local\n/tmp\n/cache\n');
  });

  test('each setting dvc adds or removes is the same edit in our hands', () => {
    const edits: [string[], ConfigAddress, string | null][] = [
      [['config', 'core.autostage', 'true'], core('autostage'), 'true'],
      [['config', 'cache.type', 'hardlink,copy'], { section: 'cache', name: null, key: 'type' }, 'hardlink,copy'],
      [['remote', 'add', 'Other', '/tmp/a,b#c'], remote('other', 'url'), '/tmp/a,b#c'],
      [['remote', 'modify', 'other', 'jobs', '4'], remote('other', 'jobs'), '4'],
      [['remote', 'modify', 'localstore', 'verify', 'true'], remote('localstore', 'verify'), 'true'],
      [['config', '--unset', 'cache.type'], { section: 'cache', name: null, key: 'type' }, null],
      [['config', '--unset', 'core.autostage'], core('autostage'), null],
    ];
    let ours = rig.read('.dvc/config');
    for (const [args, address, value] of edits) {
      rig.dvc(...args);
      ours = editConfigText('config', ours, address, value);
      expect(rig.read('.dvc/config')).toBe(ours);
    }
    expect(parseConfigText('config', ours).map((e) => e.value)).toEqual([
      'localstore',
      '../../store',
      'true',
      '/tmp/a,b#c',
      '4',
    ]);
    const config = readConfig([{ file: 'config', text: ours }], `${rig.root}/.dvc`, '/nowhere');
    expect(remoteFolder(config)).toBe(rig.remote);
  });

  test.each([
    ['a file', 'one.txt'],
    ['a folder', 'many'],
    ['a program', 'run.sh'],
    ['an empty file', 'empty'],
    ['a name that YAML must quote', '1e5'],
    ['a name with spaces past the width', `${'a name '.repeat(16)}x`],
  ])('the pointer of %s', (_, name) => {
    if (name === 'many') {
      for (const file of ['b/c.txt', 'a-b/x', 'a.txt', 'é"\\\x7f😀Ａ']) rig.write(`many/${file}`, file);
    } else rig.write(name, name === 'empty' ? '' : name);
    if (name === 'run.sh') chmodSync(`${rig.root}/run.sh`, 0o755);
    rig.dvc('add', '--quiet', name);
    const text = rig.read(`${name}.dvc`);
    const pointer = parsePointer(`${name}.dvc`, text);
    expect(pointer.outs.map((out) => out.path)).toEqual([name]);
    expect(printPointer(pointer)).toBe(text);
  });

  test('the directory object of a folder', () => {
    const id = parsePointer('many.dvc', rig.read('many.dvc')).outs[0]!.md5!;
    const text = rig.read(`.dvc/cache/files/md5/${id.slice(0, 2)}/${id.slice(2)}`);
    const entries = parseTree(Buffer.from(text));
    expect(entries.map((e) => e.relpath)).toEqual(['a-b/x', 'a.txt', 'b/c.txt', 'é"\\\x7f😀Ａ']);
    expect(Buffer.from(printTree(entries)).toString()).toBe(text);
  });

  test('dvc.yaml of a stage it adds, and dvc.lock after running it', () => {
    const params =
      'k: 1.0\nrate: 1e-5\nname: "é"\nbig: {x: [1, 2.50], y: null, t: true}\nbytes: 1e16\nday: "2020-01-01"\n';
    rig.write('params.yaml', params);
    rig.write('other.yaml', 'z: 1\na: x\n');
    const name = 'copy';
    const cmd = `cp one.txt two.txt && echo '{"v": 0.25}' > m.json && echo 'long enough a command to pass the width'`;
    rig.dvc(
      'stage',
      'add',
      '--quiet',
      '--name',
      name,
      '--desc',
      'copies',
      '--run',
      '-d',
      'one.txt',
      '-d',
      'many',
      '-p',
      'rate,k,name,big,bytes,day',
      '-p',
      'other.yaml:z,a',
      '-o',
      'two.txt',
      '-M',
      'm.json',
      cmd,
    );
    const stage = {
      name,
      desc: 'copies',
      cmd,
      deps: ['one.txt', 'many'],
      params: { 'params.yaml': ['rate', 'k', 'name', 'big', 'bytes', 'day'], 'other.yaml': ['z', 'a'] },
      outs: [{ path: 'two.txt' }],
      metrics: [{ path: 'm.json', cache: false }],
    };
    expect(rig.read('dvc.yaml')).toBe(printPipeline([stage]));
    const text = rig.read('dvc.lock');
    const stages = parseLock('dvc.lock', text);
    expect(stages.map((s) => [s.name, s.outs.length])).toEqual([[name, 2]]);
    expect(printLock(stages)).toBe(text);
  });
});
