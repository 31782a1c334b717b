// Laws of refused params: they are told by the setting they come from and where that is written.
import { afterEach, expect, test } from 'vitest';
import { at } from '../../lib/base/place.ts';
import { type Problem, ProblemError } from '../../lib/base/problem.ts';
import type { Executor, WorkItem } from '../../lib/engine/executor.ts';
import { settling } from '../../lib/engine/settings.ts';
import { Folder, removeProjects } from './folder.ts';

afterEach(removeProjects);

const FILES = {
  'pipeline.yaml': `pipeline: p
config: { file: config.yml, profiles: profiles.yml, schema: schema.json }
sources: sources.yml
stages:
  a:
    cmd: echo
    out: { o: file }
    params: { sea: $weather.sea, own: { deep: 1 }, from: $sources.s }
`,
  'config.yml': 'weather:\n  sea: { waves: 1, winds: [2, 3] }\n',
  'profiles.yml': 'profiles:\n  storm: { weather: { sea: { waves: 9 } } }\n',
  'schema.json': JSON.stringify({ type: 'object', properties: { weather: { type: 'object' } } }),
  'sources.yml': 'sources:\n  s: { path: x.csv, policy: { missing_value: drop } }\n',
  'x.csv': 'a\n',
};

/** The problem as it comes out of work on stage \`a\` that refuses what is at the path. */
async function told(path: Problem['path'], flags: object = {}): Promise<Problem> {
  const pipeline = await new Folder(FILES).load(undefined, { flags });
  const facts = { field: 'bare', value: '1' };
  const failing: Executor = {
    submit: () =>
      Promise.reject(new ProblemError({ code: 'model/refused', message: 'm', facts, ...(path && { path }) })),
    close: () => Promise.resolve(),
  };
  const params = Object.fromEntries(pipeline.spec.stages[0]!.params.map(({ name, value }) => [name, value]));
  const item = { stage: 'a', element: null, params } as unknown as WorkItem;
  const error = await settling(failing, pipeline)
    .submit(item, () => {})
    .catch((e: ProblemError) => e);
  return (error as ProblemError).problems[0]!;
}

const line = ({ facts, place }: Problem) => `${facts?.setting} ${place && at(place)}`;

test.each([
  [['sea', 'waves'], 'weather.sea.waves config.yml:2:17'],
  [['sea', 'winds', 1], 'weather.sea.winds[1] config.yml:2:31'],
  [['sea', 'winds', 7], 'weather.sea.winds config.yml:2:27'],
  [['sea', 'current', 'deep'], 'weather.sea config.yml:2:8'],
  [['own', 'deep'], 'a.own.deep pipeline.yaml:8:47'],
  [['from', 'policy', 'missing_value'], 'sources.s.policy.missing_value sources.yml:2:46'],
])('%j is the setting and the place that it leads to, as far as it is there', async (path, expected) => {
  expect(line(await told(path))).toBe(expected);
});

test('a setting of a profile is placed there, one of a flag has no place', async () => {
  expect(line(await told(['sea', 'waves'], { profile: 'storm' }))).toBe('weather.sea.waves profiles.yml:2:37');
  expect(line(await told(['sea', 'waves'], { set: ['weather.sea.waves=4'] }))).toBe('weather.sea.waves undefined');
});

test('the setting stands for the bare field, other facts stay; what leads nowhere is left alone', async () => {
  expect((await told(['sea', 'waves'])).facts).toEqual({ setting: 'weather.sea.waves', value: '1' });
  for (const path of [undefined, ['land']]) {
    const { facts, place } = await told(path);
    expect([facts, place]).toEqual([{ field: 'bare', value: '1' }, undefined]);
  }
});
