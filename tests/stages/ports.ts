// Typed ports over memory: a stage runs in this process as it would in a worker, and its outputs come back as values.
import { type Md5, md5 } from '../../lib/base/digest.ts';
import type { FileInput, InputOf, JsonInput, Port, Sink, TreeInput } from '../../lib/stage/port.ts';
import type { Plugin, Ports, Stage, StageContext } from '../../lib/stage/stage.ts';

export type Files = Readonly<Record<string, Uint8Array>>;

type Made<P> =
  P extends Port<infer K, infer T> ? (K extends 'json' ? T : K extends 'file' ? Uint8Array : Files) : never;

export interface Ran<O extends Ports> {
  readonly out: { readonly [K in keyof O]: Made<O[K]> };
  readonly verdict: { readonly passed: boolean; readonly summary: string } | null;
  readonly logs: readonly string[];
}

const bytesOf = (bytes: Uint8Array | string) => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

export function jsonIn<T>(value: T): JsonInput<T> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return { digest: md5(bytes), bytes: () => bytes, value };
}

export function fileIn(bytes: Uint8Array): FileInput {
  return { digest: md5(bytes), bytes: () => bytes };
}

/** Names in code-point order, as trees have them. */
export function treeIn(files: Readonly<Record<string, Uint8Array | string>>): TreeInput {
  const names = Object.keys(files).sort();
  const find = (name: string) => {
    const found = files[name];
    if (found === undefined) throw new Error(`the tree has no ${name}`);
    return bytesOf(found);
  };
  const entry = (name: string) => ({ md5: md5(find(name)), size: find(name).length });
  const digest = `${md5(JSON.stringify(names.map((name) => [name, entry(name).md5])))}.dir` as Md5;
  return { digest, names: () => names, entry, bytes: find };
}

/** A source that is one file, as a port that takes trees sees it. */
export function oneFileIn(name: string, bytes: Uint8Array | string): TreeInput {
  return { ...treeIn({ [name]: bytes }), digest: md5(bytes) };
}

export async function runStage<I extends Ports, O extends Ports, P>(
  stage: Stage<I, O, P>,
  given: {
    readonly params: P;
    readonly in: { readonly [K in keyof I]: InputOf<I[K]> };
    readonly seed?: number | string;
    readonly generatorVersion?: string;
    readonly element?: string;
    readonly plugins?: Readonly<Record<string, Plugin>>;
  },
): Promise<Ran<O>> {
  const made: Record<string, Record<string, Uint8Array>> = {};
  const logs: string[] = [];
  let verdict: Ran<O>['verdict'] = null;
  const put = (port: string, name: string, bytes: Uint8Array) => {
    const files = made[port] as Record<string, Uint8Array>;
    if (name in files) throw new Error(`${port} writes ${name} twice`);
    files[name] = bytes;
  };
  const open = (port: string, name: string): Sink => {
    const parts: Uint8Array[] = [];
    return { write: (bytes) => parts.push(bytesOf(bytes)), close: () => put(port, name, Buffer.concat(parts)) };
  };
  const ports = Object.entries(stage.outputs).map(([port, { kind }]) => {
    made[port] = {};
    if (kind === 'json') return [port, { write: (value: unknown) => put(port, '', jsonIn(value).bytes()) }];
    if (kind === 'file')
      return [
        port,
        { write: (bytes: Uint8Array | string) => put(port, '', bytesOf(bytes)), open: () => open(port, '') },
      ];
    return [
      port,
      {
        write: (name: string, bytes: Uint8Array | string) => put(port, name, bytesOf(bytes)),
        open: (name: string) => open(port, name),
        adopt: (name: string, from: TreeInput | FileInput, entry?: string) =>
          put(port, name, entry === undefined ? (from as FileInput).bytes() : (from as TreeInput).bytes(entry)),
      },
    ];
  });
  await stage.run({
    params: given.params,
    in: given.in,
    out: Object.fromEntries(ports) as StageContext<I, O, P>['out'],
    seed: given.seed ?? null,
    generatorVersion: given.generatorVersion ?? null,
    element: given.element ?? null,
    plugin: (path) => given.plugins?.[path] ?? {},
    log: (message) => logs.push(message),
    progress: () => {},
    verdict: (passed, summary) => {
      verdict = { passed, summary };
    },
  });
  const out = Object.entries(stage.outputs).map(([port, { kind }]) => {
    const files = made[port] as Record<string, Uint8Array>;
    if (kind === 'tree') return [port, files];
    const only = files[''];
    if (only === undefined) throw new Error(`${port} was not written`);
    return [port, kind === 'file' ? only : JSON.parse(Buffer.from(only).toString('utf8'))];
  });
  return { out: Object.fromEntries(out) as Ran<O>['out'], verdict, logs };
}
