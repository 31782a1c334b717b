// Laws of keys that name something else in the configuration: what names nothing is refused where it stands.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDocument } from '../../lib/base/document.ts';
import { at } from '../../lib/base/place.ts';
import type { Schema } from '../../lib/base/schema.ts';
import { resolveConfig } from '../../lib/engine/config.ts';

const read = (file: string) => readFileSync(new URL(`../../config/${file}`, import.meta.url), 'utf8');
const schema = JSON.parse(read('schema/config.schema.json')) as Schema;
const presets = parseDocument('presets.yml', read('synthetic_data_presets.yml'));

const HEAD = 'seed: 1\ngenerator_version: v1-dev.3\nstart_date: 2020-01-01\nend_date: 2021-01-01\n';
const crash = (loadings: string) => `generation: { events: { flash_crash: { loadings: ${loadings} } } }\n`;

function problems(base: string, { profiles, again }: { profiles?: string; again?: true } = {}, flags = {}) {
  const found = resolveConfig({
    schema,
    base: parseDocument('base.yml', HEAD + base),
    profiles: profiles === undefined ? null : parseDocument('profiles.yml', profiles),
    presets: again === true ? null : presets,
    env: {},
    flags,
    ...(again && { again }),
  });
  return found.problems.map(
    ({ code, place, message, hint }) => `${code} ${place && at(place)} ${message} | ${hint ?? ''}`,
  );
}

test.each([
  [
    'an asset',
    'tickers: [AAPL, SPX]\nassets: { APPL: { mu: 0.1 } }\n',
    'base.yml:6:11 assets.APPL is without effect: "APPL" is not in tickers | Did you mean "AAPL"?',
  ],
  [
    'a ticker that an event touches',
    `tickers: [AAPL, SPX]\n${crash('{ tickers: { SPY: 1 } }')}`,
    'base.yml:6:63 generation.events.flash_crash.loadings.tickers.SPY is without effect: "SPY" is not in tickers | Did you mean "SPX"?',
  ],
  [
    'a sector that nobody is in',
    `tickers: [A]\nassets: { A: { sector: technology } }\n${crash('{ sectors: { tecnology: 1 } }')}`,
    'base.yml:7:63 generation.events.flash_crash.loadings.sectors.tecnology is without effect: "tecnology" is not in assets.*.sector | Did you mean "technology"?',
  ],
])('%s that is not there is refused with its place and the nearest name', (_, base, expected) => {
  expect(problems(base)).toEqual([`config/unknown-key ${expected}`]);
});

test('what is there is taken, also what a preset brings', () => {
  const base = `tickers: [A, B]\nassets: { A: { sector: technology } }\n${crash('{ tickers: { B: 2 }, sectors: { technology: 1 } }')}`;
  expect(problems(base)).toEqual([]);
  const preset = `tickers: [COIN]\nuniverse_profile: classes\nassets: { COIN: { mu: 0.2 } }\n${crash('{ sectors: { crypto: 1 } }')}`;
  expect(problems(preset)).toEqual([]);
});

test('what speaks of a ticker that a flag or a profile leaves out stays', () => {
  const base = 'tickers: [A, B]\nassets: { A: { mu: 0.1 }, B: { mu: 0.2 } }\n';
  expect(problems(base, {}, { set: ['tickers=[B]'] })).toEqual([]);
  expect(problems(base, { profiles: 'profiles: { other: { tickers: [C] } }\n' }, { profile: 'other' })).toEqual([]);
});

test('a profile and a flag are told as such', () => {
  const profiles = 'profiles:\n  default: { assets: { C: { mu: 0.1 } } }\n';
  expect(problems('tickers: [A]\n', { profiles })[0]).toMatch(/ profiles\.yml:2:24 assets\.C is/);
  expect(problems('tickers: [A]\n', {}, { set: ['assets.C.mu=1'] })[0]).toMatch(
    / undefined flag --set assets\.C\.mu: assets\.C is/,
  );
});

test('a configuration that was resolved before is not asked again', () => {
  const base = 'tickers: [COIN]\nuniverse_profile: classes\nassets: { COIN: { mu: 0.2 }, GOLD: { class: gold } }\n';
  expect(problems(base, { again: true })).toEqual([]);
});
