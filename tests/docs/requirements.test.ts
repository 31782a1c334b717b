import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const script = join(root, 'scripts/requirements-map.mjs');
interface RequirementsMap {
  page(rows: readonly { id: string; what: string }[], files: Readonly<Record<string, string>>): string;
  currentPage(): string;
}
const { page, currentPage }: RequirementsMap = await import(script);

test('docs/requirements.md is what the tests say today: `node scripts/requirements-map.mjs` writes it', () => {
  expect(readFileSync(join(root, 'docs/requirements.md'), 'utf8')).toBe(currentPage());
});

const rows = [
  { id: 'C-1', what: 'one' },
  { id: 'D3', what: 'two' },
  { id: 'S1-10', what: 'three' },
];

test('a row is shown by each test whose title names it, in order of files; the others are open', () => {
  const text = page(rows, {
    'tests/b.test.ts': `test("[C-1, D3] it's | a law", () => {}); // [S1-10] not a title`,
    'tests/a.test.ts': "describe.each(x)('[C-1] first %s', f); const no = 'see [S1-10]';",
  });
  expect(text).toContain(
    "| C-1 | one | [tests/a.test.ts](../tests/a.test.ts): first %s<br>[tests/b.test.ts](../tests/b.test.ts): it's \\| a law |",
  );
  expect(text).toContain("| D3 | two | [tests/b.test.ts](../tests/b.test.ts): it's \\| a law |");
  expect(text).toContain('| S1-10 | three | open |');
  expect(text).toContain('2 of 3 rows');
});

test('C-1 is not shown by C-10', () => {
  expect(page([...rows, { id: 'C-10', what: 'ten' }], { 'tests/a.test.ts': "'[C-10] x'" })).toContain(
    '| C-1 | one | open |',
  );
});

test('a title that names a row nobody asked for is an error that names the file', () => {
  expect(() => page(rows, { 'tests/a.test.ts': "test('[S1-999] x')" })).toThrow('S1-999 in tests/a.test.ts');
});
