import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { Memory, readLast, writeLast } from '../../lib/engine/last.ts';
import type { Last, LastUnit, UnitPlan } from '../../lib/engine/units.ts';
import { runs } from '../thorough.ts';
import { Folder, removeProjects } from './folder.ts';

afterEach(removeProjects);

const unit: LastUnit = {
  key: 'a'.repeat(64) as LastUnit['key'],
  inputText: '{}',
  outputs: { o: { md5: 'b'.repeat(32) as LastUnit['outputs'][string]['md5'], size: 1 } },
  verdict: null,
};
const NOTHING: Last = { stamp: '', run: '', units: {} };

test('what was written is read back', () => {
  const project = new Folder().open();
  expect(readLast(project)).toEqual(NOTHING);
  const last: Last = { stamp: 's', run: 'r', units: { generate: { AAPL: unit, '': unit } } };
  writeLast(project, last);
  expect(readLast(project)).toEqual({ format: 2, ...last });
});

test('what is torn, of another format or no memory at all is nothing, and never an error', () => {
  const project = new Folder().open();
  writeLast(project, { stamp: 's', run: 'r', units: { generate: { AAPL: unit } } });
  const text = readFileSync(project.paths.last, 'utf8');
  const read = (damaged: string) => {
    writeFileSync(project.paths.last, damaged);
    return readLast(project);
  };
  for (let cut = 0; cut < text.length; cut++) expect(read(text.slice(0, cut))).toEqual(NOTHING);
  for (const odd of ['null', '[]', '7', text.replace('"format":2', '"format":1'), '{"format":2,"stamp":"s"}'])
    expect(read(odd)).toEqual(NOTHING);
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, {}, []));
  fc.assert(
    fc.property(odd, fc.nat(2), (value, depth) => {
      const units = [value, { generate: value }, { generate: { AAPL: value } }][depth];
      for (const stage of Object.values(read(JSON.stringify({ format: 2, stamp: 's', units })).units))
        for (const { key, outputs } of Object.values(stage))
          expect([typeof key, typeof outputs]).toEqual(['string', 'object']);
    }),
    { numRuns: runs(200) },
  );
});

test('a run remembers its own units over those of the run before, which stay as they were', () => {
  const last: Last = { stamp: 's', run: 'r', units: { generate: { AAPL: unit, MSFT: unit }, validate: { '': unit } } };
  const key = 'c'.repeat(64) as LastUnit['key'];
  const plan = { stage: 'generate', element: 'AAPL', key, inputText: '{"a":"1"}' } as UnitPlan;
  const made: LastUnit = { key, inputText: '{"a":"1"}', outputs: {}, verdict: null };
  const memory = new Memory(last, 's');
  memory.note(plan, made);
  memory.note({ ...plan, element: 'TSLA' }, made);
  expect(memory.units).toEqual({ generate: { AAPL: made, MSFT: unit, TSLA: made }, validate: { '': unit } });
  expect(last.units.generate).toEqual({ AAPL: unit, MSFT: unit });
  // Under another stamp equal inputs prove nothing.
  expect(new Memory(last, 'other').units.validate).toEqual({ '': { ...unit, inputText: '' } });
});
