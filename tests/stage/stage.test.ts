// Laws of the contract: a port is a plain record that survives being sent to a thread, and a declared stage cannot be changed.
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { FileInput, JsonInput, JsonOutput, TreeInput, TreeOutput } from '../../lib/stage/port.ts';
import { file, json, tree, trees } from '../../lib/stage/port.ts';
import { defineStage } from '../../lib/stage/stage.ts';

const schema = { type: 'object', properties: { n: { type: 'integer' } } } as const;
const stage = () =>
  defineStage<{ n: number }>()({
    summary: 'counts',
    params: schema,
    inputs: { one: json<string[]>('a@1'), raw: file('b@1'), shard: tree('c@1', { slice: true }), all: trees('any') },
    outputs: { count: json<number>('d@1'), parts: tree('e@1') },
    run({ params, in: inputs, out }) {
      expectTypeOf(params.n).toEqualTypeOf<number>();
      expectTypeOf(inputs.one).toEqualTypeOf<JsonInput<string[]>>();
      expectTypeOf(inputs.raw).toEqualTypeOf<FileInput>();
      expectTypeOf(inputs.shard).toEqualTypeOf<TreeInput>();
      expectTypeOf(inputs.all).toEqualTypeOf<Readonly<Record<string, TreeInput>>>();
      expectTypeOf(out.count).toEqualTypeOf<JsonOutput<number>>();
      expectTypeOf(out.parts).toEqualTypeOf<TreeOutput>();
      out.count.write(inputs.one.value.length + params.n);
    },
  });

describe('a port', () => {
  test('is its kind, its shape, whether it takes many and whether a shard sees its slice', () => {
    expect(stage().inputs).toEqual({
      one: { kind: 'json', shape: 'a@1', many: false, slice: false },
      raw: { kind: 'file', shape: 'b@1', many: false, slice: false },
      shard: { kind: 'tree', shape: 'c@1', many: false, slice: true },
      all: { kind: 'tree', shape: 'any', many: true, slice: false },
    });
    expect(tree('x@1')).toEqual({ ...tree('x@1', { slice: true }), slice: false });
  });

  test('goes to another thread as it is: what a worker describes is what the stage declares', () => {
    const { inputs, outputs } = stage();
    expect(structuredClone({ inputs, outputs })).toEqual({ inputs, outputs });
  });
});

describe('a stage', () => {
  test('uses no seed and selects no code unless it says so, and what it says stays', () => {
    expect(stage()).toMatchObject({ uses: [], selects: {}, summary: 'counts', params: schema });
    const said = defineStage()({
      ...stage(),
      params: schema,
      inputs: {},
      outputs: {},
      uses: ['seed'],
      selects: { n: 'catalog.ts' },
      run: () => {},
    });
    expect(said).toMatchObject({ uses: ['seed'], selects: { n: 'catalog.ts' } });
  });

  test('cannot be changed once it is declared', () => {
    const one = stage();
    expect(() => Object.assign(one, { uses: ['seed'] })).toThrow(TypeError);
    expect(one.uses).toEqual([]);
  });

  test('runs on what it is given and nothing else', () => {
    const written: number[] = [];
    const context = {
      params: { n: 2 },
      in: { one: { value: ['a', 'b'] } },
      out: { count: { write: (value: number) => written.push(value) } },
    };
    stage().run(context as unknown as Parameters<ReturnType<typeof stage>['run']>[0]);
    expect(written).toEqual([4]);
  });
});
