// Writes docs/requirements.md: each row of docs/requirements.tsv and the tests whose titles name it, as in `[S1-106] high contains …`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '../..');
const ID = /(?:S1-|C-|D)\d+/g;
/** A string that opens with ids in brackets, whatever function it is handed to. */
const TITLE = /(['"`])((?:\[[A-Z0-9, -]+\] ?)+)((?:(?!\1)[^\\\n]|\\.)*)\1/g;

/** Id -> `file: title` of each test that names it, in the order of files. */
export function shownBy(files) {
  const shown = new Map();
  for (const path of Object.keys(files).sort()) {
    for (const [, , ids, title] of files[path].matchAll(TITLE)) {
      for (const id of ids.match(ID) ?? [])
        shown.set(id, [...(shown.get(id) ?? []), { path, title: title.replace(/\\(.)/g, '$1').trim() }]);
    }
  }
  return shown;
}

/** The page; throws on a test that names a row nobody asked for. */
export function page(rows, files) {
  const shown = shownBy(files);
  const strays = [...shown.keys()].filter((id) => !rows.some((row) => row.id === id));
  if (strays.length > 0)
    throw new Error(`tests name unknown rows: ${strays.map((id) => `${id} in ${shown.get(id)[0].path}`).join(', ')}`);
  const cell = (text) => text.replaceAll('|', '\\|');
  const lines = rows.map(({ id, what }) => {
    const tests = (shown.get(id) ?? []).map(({ path, title }) => `[${path}](../${path}): ${cell(title)}`);
    return `| ${id} | ${cell(what)} | ${tests.join('<br>') || 'open'} |`;
  });
  const done = rows.filter(({ id }) => shown.has(id)).length;
  return `# What was asked for, and the tests that show it

Written by \`node scripts/requirements-map.mjs\` from the titles of the tests; do not edit.
${done} of ${rows.length} rows are shown; the others are open.

| row | what | shown by |
| --- | --- | --- |
${lines.join('\n')}
`;
}

/** The page as it should be now. */
export function currentPage() {
  const rows = readFileSync(join(root, 'docs/requirements.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([id, what]) => ({ id, what }));
  const files = {};
  for (const entry of readdirSync(join(root, 'tests'), { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    // The map's own test speaks of made-up rows.
    if (entry.name.endsWith('.test.ts') && path !== 'tests/docs/requirements.test.ts')
      files[path] = readFileSync(join(root, path), 'utf8');
  }
  // The rules of the house are tests by their laws.
  files['tests/house/rules.ts'] = readFileSync(join(root, 'tests/house/rules.ts'), 'utf8');
  return page(rows, files);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(root, 'docs/requirements.md'), currentPage());
