// The configuration schema says what the code says: event types, regimes, classes and names of models come from one place, and no leaf is dead.
import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/base/canon.ts';
import { flatten, type Schema } from '../../lib/base/schema.ts';
import { isMap, type JsonMap, leavesOf, lookup } from '../../lib/engine/leaves.ts';
import { calendarOf } from '../../lib/market/calendar.ts';
import { frequencyOf } from '../../lib/market/frequency.ts';
import { LIQUIDITY } from '../../lib/market/microstructure/quotes.ts';
import { ASSET_CLASSES } from '../../lib/models/asset-class.ts';
import { MODEL_NAMES } from '../../lib/models/catalog.ts';
import { EVENT_NAMES, loadEvent } from '../../lib/models/events/catalog.ts';
import { eventSchema } from '../../lib/models/events/event.ts';
import { DEFAULT_REGIMES, REGIME_SCHEMA } from '../../lib/models/regime.ts';
import { VOLATILITY_NAMES } from '../../lib/models/volatility/catalog.ts';
import { configOf, DOCUMENTS, paramsOf, STAGES } from '../stages/market/chain.ts';

const schema = flatten(DOCUMENTS.schema);
/** The schema of a value, by path. */
const nodeAt = (path: string): Schema =>
  path.split('.').reduce((node: Schema, key) => {
    const child = (node.properties as Record<string, Schema> | undefined)?.[key] ?? node.additionalProperties;
    if (typeof child !== 'object' || child === null) throw new Error(`the schema has no ${path}`);
    return child as Schema;
  }, schema);

describe('lists of the schema are those of the code', () => {
  test('event types, each with the settings that its code declares', async () => {
    const events = nodeAt('generation.events').properties as Record<string, unknown>;
    expect(Object.keys(events)).toEqual([...EVENT_NAMES]);
    for (const name of EVENT_NAMES) expect(events[name], name).toEqual(eventSchema(await loadEvent(name)));
  });

  test('regimes: what each may change, and the four there are', () => {
    const states = nodeAt('generation.regimes.states');
    const { type, minItems, maxItems, items } = REGIME_SCHEMA.properties.regimes;
    expect(states).toMatchObject({ type, minItems, maxItems });
    expect(states.items).toEqual(items);
    expect(states.default).toEqual(DEFAULT_REGIMES.regimes);
  });

  test.each<[string, readonly string[]]>([
    ['assets.X.class', ASSET_CLASSES],
    ['assets.X.liquidity', Object.keys(LIQUIDITY)],
    ['generation.volatility_model', ['none', ...VOLATILITY_NAMES]],
  ])('%s', (path, names) => {
    expect([...(nodeAt(path).enum as string[])].sort()).toEqual([...names].sort());
  });

  test('every calendar and every frequency is known', () => {
    const names = (path: string) => nodeAt(path).enum as string[];
    // A bar a business day is refused where sessions meet at weekends.
    for (const calendar of names('calendar'))
      for (const name of names('frequency').filter((one) => one !== 'B' || calendar !== '24/7'))
        expect(frequencyOf(name, calendarOf(calendar)).name, `${calendar} ${name}`).toBe(name);
  });

  test('price models, or a file', () => {
    expect((nodeAt('generation.price_model').else as { enum: string[] }).enum).toEqual([...MODEL_NAMES]);
  });

  test('what an asset may say of a model is what the market may say of it', () => {
    const { models } = (nodeAt('generation') as { properties: Record<string, Schema> }).properties;
    const own = nodeAt('assets.X.models');
    const bare = (node: Schema): unknown =>
      Object.fromEntries(
        leavesOf(node).map(({ path, node: { default: _, description: __, ...leaf } }) => [path.join('.'), leaf]),
      );
    expect(bare(own)).toEqual(bare(models!));
  });
});

describe('no leaf is dead', () => {
  /** Leaves that reach no stage by themselves: a preset acts through what it fills in, and a list of one has nothing to say. */
  const elsewhere = ['seed', 'generator_version', 'universe_profile', 'generation.market_condition'];
  const single = ['persistence.format', 'persistence.partition_by'];

  const changed = (value: JsonMap, [key, ...rest]: readonly string[]): JsonMap => {
    const here = value[key!] ?? {};
    return { ...value, [key!]: rest.length === 0 ? 'changed' : changed(isMap(here) ? here : {}, rest) };
  };
  const config = configOf();
  /** `validate` takes the whole law of the bars: to be wired to it alone is to move no bar. */
  const stagesOf = (name: string) => STAGES.filter((stage) => stage !== 'validate' || name.startsWith('validation.'));
  const wired = (name: string, of: JsonMap): string =>
    JSON.stringify(stagesOf(name).map((stage) => paramsOf<Json>(stage, of)));
  const isWired = (path: readonly string[]) =>
    wired(path.join('.'), changed(config, path)) !== wired(path.join('.'), config);
  const leaves = leavesOf(schema).filter(({ path }) => lookup(config, path.slice(0, 1)) !== undefined);

  test.each(leaves.map(({ path }) => path.join('.')).filter((name) => ![...elsewhere, ...single].includes(name)))(
    '%s is wired to a stage',
    (name) => {
      expect(isWired(name.split('.'))).toBe(true);
    },
  );

  test('the leaves that are wired to none are these, for they act elsewhere or have one value only', () => {
    const dead = leaves.filter(({ path }) => !isWired(path));
    expect(dead.map(({ path }) => path.join('.'))).toEqual([...elsewhere, ...single]);
    for (const name of single) expect(nodeAt(name).enum).toHaveLength(1);
  });
});
