import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { checkAll } from '../../lib/engine/check.ts';
import type { LoadOptions } from '../../lib/engine/checked.ts';
import type { RunEvent } from '../../lib/engine/event.ts';
import { findRoot } from '../../lib/engine/project.ts';
import { Folder, removeProjects } from './folder.ts';

afterEach(removeProjects);

const FILES = {
  'pipeline.yaml': `pipeline: x
config: {file: config.yml, profiles: profiles.yml, schema: schema.json}
sources: sources.yml
identity: {seed: $seed, generator_version: $version}
stages:
  a: {cmd: one, in: {all: source:*, n: ./n.txt}, params: {rate: $rate}, out: {o: file}}
`,
  'config.yml': 'seed: 7\nversion: v1\nrate: 0.1\njobs: 2\n',
  'profiles.yml': 'profiles:\n  calm: {rate: 0.01}\n',
  'schema.json': JSON.stringify({
    type: 'object',
    additionalProperties: false,
    properties: {
      seed: { type: 'integer' },
      version: { type: 'string' },
      rate: { type: 'number', default: 0.5 },
      jobs: { type: 'integer', 'x-identity': false },
    },
  }),
  'sources.yml': 'sources:\n  raw: raw.csv\n  more: more\n',
  'raw.csv': 'raw\n',
  'more/one': '1\n',
  'n.txt': 'n\n',
};

describe('[S1-35] dataset_id changes with what can change the data, each alone', () => {
  const edits: [string, (f: Folder) => void][] = [
    ['the seed', (f) => f.edit('config.yml', 'seed: 7', 'seed: 8')],
    ['the generator version', (f) => f.edit('config.yml', 'v1', 'v2')],
    ['a value of the configuration', (f) => f.edit('config.yml', '0.1', '0.2')],
    ['the bytes of a wired source', (f) => f.write('raw.csv', 'other\n')],
    ['the bytes of a wired file', (f) => f.write('n.txt', 'other\n')],
    ['a command', (f) => f.edit('pipeline.yaml', 'cmd: one', 'cmd: two')],
    ['a wire', (f) => f.edit('pipeline.yaml', 'source:*', '[source:raw]')],
  ];
  const same: [string, (f: Folder) => void][] = [
    [
      'a comment and the order of keys',
      (f) => f.write('config.yml', '# words\nversion: v1\nrate: 0.1\nseed: 7\njobs: 2\n'),
    ],
    ['an operational value', (f) => f.edit('config.yml', 'jobs: 2', 'jobs: 8')],
    ['a default that is spelled out, or not', (f) => f.edit('schema.json', '"default":0.5', '"default":0.1')],
    [
      'where the sources lie',
      (f) => {
        f.write('else/raw.csv', 'raw\n');
        f.edit('sources.yml', 'raw: raw.csv', 'raw: else/raw.csv');
      },
    ],
    ['the time of a file', (f) => utimesSync(f.path('raw.csv'), 0, 0)],
    ['words about a stage', (f) => f.edit('pipeline.yaml', '{cmd: one', '{desc: words, retries: 1, cmd: one')],
    ['a profile nobody asks for', (f) => f.edit('profiles.yml', '0.01', '0.02')],
  ];
  const id = async (folder: Folder) => (await folder.load()).run.datasetId;

  test.each(edits)('%s', async (_, edit) => {
    const folder = new Folder(FILES);
    const before = await id(folder);
    expect(before).toMatch(/^syn_[0-9a-f]{12}$/);
    edit(folder);
    expect(await id(folder)).not.toBe(before);
  });

  test.each(same)('and not with %s', async (_, edit) => {
    const folder = new Folder(FILES);
    const before = await id(folder);
    edit(folder);
    expect(await id(folder)).toBe(before);
  });

  test('nor with the folder the project lies in, or with flags that say what stands there anyway', async () => {
    const [one, two] = [new Folder(FILES), new Folder(FILES)];
    const flagged = await two.load(two.open(), { flags: { seed: '7' } });
    expect(flagged.run.datasetId).toBe(await id(one));
    expect((await two.load(two.open(), { flags: { seed: '9' } })).run.datasetId).not.toBe(await id(one));
  });
});

describe('what was checked once', () => {
  /** Loads again with a program whose schema of pipelines accepts nothing: only a memory can pass. */
  const load = (folder: Folder, options: Partial<LoadOptions> = {}) => folder.load(folder.open(), options);
  const isRemembered = async (folder: Folder, options: Partial<LoadOptions> = {}) => {
    const text = readFileSync(folder.path('.pipeline/spec.json'), 'utf8');
    // A mark in the memory that only a check would lose.
    writeFileSync(folder.path('.pipeline/spec.json'), text.replace('"profile":"', '"profile":"remembered '));
    const { profile } = await load(folder, options);
    return profile.startsWith('remembered');
  };

  test('is not checked again while the question and every file are the same', async () => {
    const folder = new Folder(FILES);
    await load(folder);
    expect(await isRemembered(folder)).toBe(true);
  });

  test.each<[string, (f: Folder) => void]>([
    ['pipeline.yaml', (f) => f.edit('pipeline.yaml', 'x', 'y')],
    ['the configuration', (f) => f.edit('config.yml', '2', '3')],
    ['its schema', (f) => f.edit('schema.json', '0.5', '0.6')],
    ['profiles', (f) => f.edit('profiles.yml', '0.01', '0.02')],
    ['sources', (f) => f.edit('sources.yml', 'more: more', 'other: more')],
  ])('is checked again when %s changed', async (_, edit) => {
    const folder = new Folder(FILES);
    await load(folder);
    edit(folder);
    expect(await isRemembered(folder)).toBe(false);
  });

  test.each<[string, Partial<LoadOptions>]>([
    ['another program asks', { build: 'other' }],
    ['a flag is given', { flags: { seed: '9' } }],
    ['a profile is asked for', { flags: { profile: 'calm' } }],
    ['a variable of ours is set', { env: { PIPELINE_SEED: '9' } }],
    ['another configuration is named', { configFile: 'other.yml' }],
  ])('is checked again when %s', async (_, options) => {
    const folder = new Folder({ ...FILES, 'other.yml': FILES['config.yml'] });
    await load(folder);
    expect(await isRemembered(folder, options)).toBe(false);
  });

  test('is not asked about variables that are not ours', async () => {
    const folder = new Folder(FILES);
    await load(folder);
    expect(await isRemembered(folder, { env: { HOME: '/elsewhere', LANG: 'de' } })).toBe(true);
  });

  test.each(['', '{"format":1,', 'null', '{"format":2}', '[]'])(
    'is checked again when its memory is %j',
    async (text) => {
      const folder = new Folder(FILES);
      const { run } = await load(folder);
      writeFileSync(folder.path('.pipeline/spec.json'), text);
      expect((await load(folder)).run).toEqual(run);
    },
  );
});

describe('sources', () => {
  test('are told when they are imported and silent when they are there', async () => {
    const folder = new Folder(FILES);
    const events: RunEvent[] = [];
    const first = await folder.load(folder.open(), {}, events);
    expect(first.imported).toEqual(['source:raw', 'source:more', './n.txt']);
    expect(events.map((event) => event.type === 'source-imported' && event.source)).toEqual(['raw', 'more']);
    const again: RunEvent[] = [];
    expect((await folder.load(folder.open(), {}, again)).imported).toEqual([]);
    expect(again).toEqual([]);
  });

  test('that nobody is wired to are neither needed nor counted', async () => {
    const folder = new Folder(FILES);
    folder.edit('pipeline.yaml', 'source:*', '[source:raw]');
    const { run } = await folder.load();
    rmSync(folder.path('more'), { recursive: true });
    expect((await folder.load()).run).toEqual(run);
  });
});

describe('[S1-68] everything wrong is told in one go', () => {
  const problemsOf = async (folder: Folder) => {
    try {
      await folder.load();
    } catch (error) {
      if (error instanceof ProblemError)
        return error.problems.map(({ code, place }) => `${code} ${place?.file ?? '-'}:${place?.line ?? 0}`);
      throw error;
    }
    return [];
  };

  test('of all files: configuration, sources, wires, code', async () => {
    const folder = new Folder(FILES);
    folder.edit('config.yml', 'rate: 0.1', 'rate: high');
    folder.edit('sources.yml', 'raw.csv', 'none.csv');
    folder.edit('pipeline.yaml', './n.txt', './no.txt');
    folder.write('s.ts', 'export const = 1;\n');
    folder.write(
      'pipeline.yaml',
      `${readFileSync(folder.path('pipeline.yaml'), 'utf8')}  b: {uses: ./s.ts}\n  c: {uses: market/calibrat}\n`,
    );
    expect((await problemsOf(folder)).sort()).toEqual([
      'code/build-failed s.ts:1',
      'config/invalid config.yml:3',
      'source/missing pipeline.yaml:6',
      'source/missing sources.yml:2',
      'spec/unknown-stage pipeline.yaml:8',
    ]);
  });

  test.each<[string, string]>([
    ['pipeline.yaml', 'config/missing-file -:0'],
    ['config.yml', 'config/missing-file pipeline.yaml:2'],
    ['profiles.yml', 'config/missing-file pipeline.yaml:2'],
    ['schema.json', 'config/missing-file pipeline.yaml:2'],
    ['sources.yml', 'config/missing-file pipeline.yaml:3'],
  ])('a missing %s is named where it was asked for', async (name, problem) => {
    const folder = new Folder(FILES);
    rmSync(folder.path(name));
    expect(await problemsOf(folder)).toEqual([problem]);
  });

  test.each(['schema.json', 'pipeline.yaml', 'config.yml', 'sources.yml', 'profiles.yml'])(
    'a torn %s is a problem, not a crash',
    async (name) => {
      const folder = new Folder(FILES);
      folder.write(name, '{"a": [1,');
      expect(await problemsOf(folder)).not.toEqual([]);
    },
  );

  test.each([
    '7',
    'null',
    '[]',
    '{"type": 7}',
    '{"type": "object", "properties": {"a": {"$ref": "#/definitions/none"}}}',
  ])('a schema of %s is a problem, not a crash', async (text) => {
    const folder = new Folder(FILES);
    folder.write('schema.json', text);
    expect(await problemsOf(folder)).toEqual(['config/invalid pipeline.yaml:2']);
  });

  test('and a check that is given no file says so itself', async () => {
    const folder = new Folder(FILES);
    const project = folder.open();
    const roots = { project: folder.root, own: folder.own, codeDir: project.paths.code, tmp: project.tmp };
    const options = { flags: {}, env: {}, build: '', describe: () => Promise.reject(new Error()) };
    await expect(checkAll(project, roots, options, () => null)).rejects.toThrow(/config\/missing-file/);
  });
});

test('a project is found from any folder in it, and missed with a way out', () => {
  const folder = new Folder({ ...FILES, 'deep/er/x': '' });
  expect(findRoot(folder.path('deep/er'))).toBe(folder.root);
  expect(() => findRoot('/')).toThrow(
    expect.objectContaining({ problems: [expect.objectContaining({ hint: expect.stringContaining('init') })] }),
  );
});
