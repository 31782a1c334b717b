import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { differingFacts } from '../../bin/differing.ts';
import { firstDifference } from '../../lib/engine/evidence.ts';
import { openProject } from '../../lib/engine/project.ts';
import { makeTable, nanAsNull } from '../../lib/table/column.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { defineSchema, optional, required } from '../../lib/table/schema.ts';

const root = mkdtempSync(join(tmpdir(), 'marketloom-differing-'));
afterAll(() => rmSync(root, { recursive: true }));
const { store } = openProject({ root, own: root, cacheDir: join(root, 'cache'), links: ['copy'] });
const stores = { was: store, now: store };
const names = { was: 'then', now: 'now' };

/** Facts of the first difference between two trees of files. */
function facts(was: Record<string, string | Uint8Array>, now: Record<string, string | Uint8Array>) {
  const tree = (files: typeof was) =>
    store.putTree(Object.entries(files).map(([relpath, bytes]) => ({ relpath, ...store.put(bytes) })));
  const found = firstDifference({ out: tree(was) }, { out: tree(now) }, stores);
  return found && differingFacts(found, stores, names);
}

const schema = defineSchema('test@1', [required('name', 'utf8'), optional('value', 'float64')], {
  synthetic: true,
  generatorVersion: 'v1',
});
const parquet = (name: string[], value: number[]) =>
  writeParquet(makeTable(schema, { name, value: nanAsNull(Float64Array.from(value)) }));

describe('a difference', () => {
  test('of tables is named by its first differing row and column, with both values', async () => {
    const found = await facts(
      { 'a.parquet': parquet(['x', 'y', 'z'], [1, 2, 3]) },
      { 'a.parquet': parquet(['x', 'y', 'w'], [1, 2.5, 3]) },
    );
    expect(found).toMatchObject({ output: 'out/a.parquet', row: 2, column: 'value', now: '2.5' });
    expect(found?.then).toBe('2');
  });

  test('of tables tells no value from zero, minus zero from zero, and a missing row from a present one', async () => {
    const cases = [
      [[Number.NaN], [0], '(no value)', '0'],
      [[-0], [0], '-0', '0'],
    ] as const;
    for (const [was, now, then, later] of cases) {
      const found = await facts({ a: parquet(['x'], [...was]) }, { a: parquet(['x'], [...now]) });
      expect(found).toMatchObject({ row: 1, column: 'value', now: later });
      expect(found?.then).toBe(then);
    }
    const longer = await facts({ a: parquet(['x'], [1]) }, { a: parquet(['x', 'y'], [1, 2]) });
    expect(longer).toMatchObject({ row: 2, column: 'name', now: 'y' });
    expect(longer?.then).toBe('(absent)');
  });

  test('of text is named by byte and row, with both lines', async () => {
    const found = await facts({ a: 'head\nsame 1\ntail\n' }, { a: 'head\nsame 2\ntail\n' });
    expect(found).toMatchObject({ output: 'out/a', 'first differing byte': 10, row: 2, now: 'same 2' });
    expect(found?.then).toBe('same 1');
  });

  test('of bytes that are no text is named by byte and digests', async () => {
    const found = await facts({ a: Uint8Array.of(1, 0, 2) }, { a: Uint8Array.of(1, 0, 3) });
    expect(found).toMatchObject({ 'first differing byte': 2 });
    expect(found).not.toHaveProperty('row');
    expect(found?.now).toMatch(/^[0-9a-f]{32}$/);
  });

  test('by a file that only one side has says which', async () => {
    const found = await facts({ a: 'x', b: 'y' }, { a: 'x' });
    expect(found).toMatchObject({ output: 'out/b', now: '(absent)' });
  });
});
