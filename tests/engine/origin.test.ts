import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Origins } from '../../lib/engine/origin.ts';

let root = '';
let bundle = '';
let stage: { fail(): never; inPackage(): never; later(): Promise<never> };

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const stackOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).stack ?? '';
  }
  throw new Error('nothing was thrown');
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'marketloom-origin-'));
  write('node_modules/pack/index.js', 'exports.refuse = () => {\n  throw new Error("no");\n};\n');
  write(
    'stages/50%möbius.ts',
    [
      "import { refuse } from '../node_modules/pack/index.js';",
      'type Said = string;',
      'export function fail(): never {',
      "  const said: Said = 'no';",
      '  throw new Error(said);',
      '}',
      'export const inPackage = () => refuse();',
      'export const later = async () => {',
      '  await null;',
      "  throw new Error('late');",
      '};',
    ].join('\n'),
  );
  bundle = join(root, 'code', 'mobius.cjs');
  const options = {
    bundle: true,
    format: 'cjs',
    platform: 'node',
    sourcemap: 'inline',
    sourcesContent: false,
  } as const;
  buildSync({ ...options, entryPoints: [join(root, 'stages/50%möbius.ts')], outfile: bundle });
  stage = createRequire(import.meta.url)(bundle);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const origins = () => {
  const known = new Origins(root);
  known.add(bundle);
  return known;
};

describe('the place of a stack', () => {
  test('is the line of the source that a frame of the bundle was compiled from, types and all', () => {
    expect(origins().placeOf(stackOf(stage.fail))).toEqual({
      file: 'stages/50%möbius.ts',
      line: 5,
      column: 9,
      length: 1,
    });
  });

  test('is found after a wait too', async () => {
    const error = await stage.later().catch((late: Error) => late);
    expect(origins().placeOf((error as Error).stack ?? '')).toMatchObject({ file: 'stages/50%möbius.ts', line: 10 });
  });

  test('is not in a package that the stage calls, but where it calls', () => {
    expect(origins().placeOf(stackOf(stage.inPackage))).toMatchObject({ file: 'stages/50%möbius.ts', line: 7 });
  });

  test('is none where no frame lies in a bundle that was loaded', () => {
    const outside = () => {
      throw new Error('outside');
    };
    expect(origins().placeOf(stackOf(outside))).toBeNull();
    expect(new Origins(root).placeOf(stackOf(stage.fail))).toBeNull();
    for (const stack of ['', 'Error: x', 'Error: x\n    at native', `Error\n    at f (${bundle})`])
      expect(origins().placeOf(stack)).toBeNull();
  });

  test('outside the project is told whole', () => {
    const elsewhere = new Origins(join(root, 'code'));
    elsewhere.add(bundle);
    expect(elsewhere.placeOf(stackOf(stage.fail))?.file).toBe(join(root, 'stages/50%möbius.ts'));
  });
});
