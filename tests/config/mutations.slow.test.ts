// A thousand slips of an editor in each YAML file: problems with a place or a right value, never a crash.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { checkValue, type Schema } from '../../lib/base/schema.ts';
import { resolveConfig } from '../../lib/engine/config.ts';

const read = (file: string) => readFileSync(new URL(`../../config/${file}`, import.meta.url), 'utf8');
const readSchema = (name: string) => JSON.parse(read(`schema/${name}.schema.json`)) as Schema;
const schema = readSchema('config');
const sources = readSchema('sources');
const BASE = read('synthetic_data_config.yml');
const PROFILES = read('synthetic_data_profiles.yml');
const base = parseDocument('base.yml', BASE);
const profiles = parseDocument('profiles.yml', PROFILES);

/** The text with a cut, a doubling or an insertion somewhere. */
const mutated = (text: string) =>
  fc
    .tuple(
      fc.nat(text.length),
      fc.nat(12),
      fc.constantFrom(
        '',
        ':',
        '- ',
        '{',
        ']',
        '"',
        '\n',
        '  ',
        '\t',
        '&a ',
        '*a',
        '!x ',
        '#',
        '\u0000',
        '|',
        '0',
        'null',
        'é',
      ),
      fc.boolean(),
    )
    .map(([start, length, insert, twice]) => {
      const cut = text.slice(start, start + length);
      return text.slice(0, start) + (twice ? cut + cut : '') + insert + text.slice(start + length);
    });

function judge(documents: Pick<Parameters<typeof resolveConfig>[0], 'base' | 'profiles'>, profile?: string): void {
  const { config, problems } = resolveConfig({ schema, ...documents, env: {}, flags: profile ? { profile } : {} });
  if (config === null) expect(problems.length).toBeGreaterThan(0);
  for (const { code, place } of problems) if (code !== 'config/unknown-profile') expect(place).toBeDefined();
  if (config !== null) expect(checkValue(schema, config.value)).toEqual([]);
}

describe('a thousand mutations give problems with a place or a right value', () => {
  test.each<[string, string, (text: string) => void]>([
    ['the config file', BASE, (text) => judge({ base: parseDocument('base.yml', text), profiles })],
    ['the profiles file', PROFILES, (text) => judge({ base, profiles: parseDocument('p.yml', text) }, 'legacy')],
    [
      'the sources file',
      read('data_sources_config.yml'),
      (text) => {
        const { value, problems, place } = parseDocument('sources.yml', text);
        for (const problem of [...problems, ...(problems.length > 0 ? [] : checkValue(sources, value, place))])
          expect(problem.place).toBeDefined();
      },
    ],
  ])('of %s', (_, text, check) => {
    fc.assert(fc.property(mutated(text), check), { numRuns: 1000 });
  });
});
