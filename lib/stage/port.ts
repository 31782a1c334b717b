// A port is a named place where a stage takes or gives an artifact; wires in pipeline.yaml join ports of equal kind and shape.
import type { Md5 } from '../base/digest.ts';

/** json: one JSON value; file: one file of bytes; tree: named files, `/` between folders. */
export type PortKind = 'json' | 'file' | 'tree';

export interface Port<K extends PortKind = PortKind, T = unknown, Many extends boolean = boolean> {
  readonly kind: K;
  /** What the bytes mean, with a version: `market/bars@1`. Wires join equal shapes only; `any` joins all. */
  readonly shape: string;
  /** The port takes a named set of artifacts (`source:*` or a list of wires). */
  readonly many: Many;
  /** In a mapped stage a shard sees, and is keyed by, only its own element's files of this tree. */
  readonly slice: boolean;
  /** Phantom: the type of a json port's value. */
  readonly value?: T;
}

export function json<T>(shape: string): Port<'json', T, false> {
  return { kind: 'json', shape, many: false, slice: false };
}

export function file(shape: string): Port<'file', Uint8Array, false> {
  return { kind: 'file', shape, many: false, slice: false };
}

export function tree(shape: string, options: { slice?: boolean } = {}): Port<'tree', never, false> {
  return { kind: 'tree', shape, many: false, slice: options.slice ?? false };
}

/** A named set of sources or trees; a source that is one file appears as a tree of that file. */
export function trees(shape: string): Port<'tree', never, true> {
  return { kind: 'tree', shape, many: true, slice: false };
}

export interface JsonInput<T> {
  readonly digest: Md5;
  bytes(): Uint8Array;
  readonly value: T;
}

export interface FileInput {
  readonly digest: Md5;
  bytes(): Uint8Array;
}

export interface TreeInput {
  readonly digest: Md5;
  /** Paths in code-point order. */
  names(): readonly string[];
  /** Size in bytes and md5 of one file, known without reading it. */
  entry(name: string): { readonly md5: Md5; readonly size: number };
  bytes(name: string): Uint8Array;
}

export interface JsonOutput<T> {
  write(value: T): void;
}

/** An open output file; bytes are hashed while they are written. */
export interface Sink {
  write(bytes: Uint8Array | string): void;
  close(): void;
}

export interface FileOutput {
  write(bytes: Uint8Array | string): void;
  open(): Sink;
}

export interface TreeOutput {
  write(name: string, bytes: Uint8Array | string): void;
  open(name: string): Sink;
  /** Take a file of an input into this tree by its digest: no byte is read or copied. */
  adopt(name: string, from: TreeInput | JsonInput<unknown> | FileInput, entry?: string): void;
}

export type InputOf<P> =
  P extends Port<infer K, infer T, infer M>
    ? M extends true
      ? Readonly<Record<string, TreeInput>>
      : K extends 'json'
        ? JsonInput<T>
        : K extends 'file'
          ? FileInput
          : TreeInput
    : never;

export type OutputOf<P> =
  P extends Port<infer K, infer T>
    ? K extends 'json'
      ? JsonOutput<T>
      : K extends 'file'
        ? FileOutput
        : TreeOutput
    : never;
