// A receipt says what happened for a key: the outputs it gave, what the key was made of, and facts for people.
import { dirname, join } from 'node:path';
import type { Json } from '../base/canon.ts';
import type { Md5, Sha256 } from '../base/digest.ts';
import type { Artifact } from './blob.ts';
import { ensureDir, listNames, readTextIfAny, remove, writeAtomic } from './files.ts';
import { treeDigest } from './tree.ts';

export interface Receipt {
  readonly format: 1;
  readonly key: Sha256;
  readonly stage: string;
  readonly element: string | null;
  /** Port name -> content. */
  readonly outputs: Readonly<Record<string, Artifact>>;
  /** What the key was made of, for `explain` and `diff`; the engine's key room gives it meaning. */
  readonly parts: Json;
  readonly verdict: { readonly passed: boolean; readonly summary: string } | null;
  /** Facts for people; they never enter an output or a key. */
  readonly made: {
    readonly at: string;
    readonly durationMs: number;
    readonly run: string;
    readonly head: string | null;
    readonly dirty: boolean | null;
    readonly node: string;
  };
}

/** Whether two results have the same content on the same ports. */
export function sameOutputs(a: Pick<Receipt, 'outputs'>, b: Pick<Receipt, 'outputs'>): boolean {
  const ports = Object.keys(a.outputs);
  return (
    ports.length === Object.keys(b.outputs).length &&
    ports.every((port) => a.outputs[port]?.md5 === b.outputs[port]?.md5)
  );
}

/** Digests that must be in the store for a receipt to be a hit, and how people call them; trees that have objects stand for all they list. */
export function contentOf({ stage, outputs }: Receipt): { readonly md5: Md5; readonly name: string }[] {
  return Object.entries(outputs).flatMap(([port, { md5, files }]) => {
    const name = `${stage}.${port}`;
    return files?.map((file) => ({ md5: file.md5, name: `${name}/${file.relpath}` })) ?? [{ md5, name }];
  });
}

export class Receipts {
  readonly dir: string;
  readonly #tmp: string;
  readonly #folders = new Set<string>();

  constructor(dir: string, tmp: string) {
    this.dir = dir;
    this.#tmp = tmp;
  }

  path(key: string): string {
    return `${this.dir}/${key.slice(0, 2)}/${key}.json`;
  }

  /** The receipt of a key, or null; a torn or foreign file is removed and counts as absent. */
  read(key: string): Receipt | null {
    if (!KEY.test(key)) return null;
    const text = readTextIfAny(this.path(key));
    if (text === null) return null;
    const receipt = parseReceipt(text);
    if (receipt?.key === key) return receipt;
    remove(this.path(key));
    return null;
  }

  /** Written last, after every blob it names is durable. Itself it is not: one that a power cut takes or tears costs one more run. */
  write(receipt: Receipt): void {
    const path = this.path(receipt.key);
    if (!this.#folders.has(dirname(path))) {
      ensureDir(dirname(path));
      this.#folders.add(dirname(path));
    }
    writeAtomic(path, `${JSON.stringify(receipt)}\n`, this.#tmp, { fsync: false });
  }

  remove(key: string): void {
    remove(this.path(key));
  }

  /** Every receipt here, in key order. */
  *all(): Generator<Receipt> {
    for (const folder of listNames(this.dir)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      for (const name of listNames(join(this.dir, folder))) {
        const key = name.slice(0, -'.json'.length);
        const receipt = this.path(key) === join(this.dir, folder, name) ? this.read(key) : null;
        if (receipt !== null) yield receipt;
      }
    }
  }
}

const KEY = /^[0-9a-f]{64}$/;
const MD5 = /^[0-9a-f]{32}(\.dir)?$/;

/** A receipt from text, or null when it is not one: receipts also come from remotes, so nothing in them is taken on trust. */
export function parseReceipt(text: string): Receipt | null {
  let value: Receipt;
  try {
    value = JSON.parse(text) as Receipt;
  } catch {
    return null;
  }
  const isMap = (inner: unknown) => typeof inner === 'object' && inner !== null;
  const isVerdict = ({ passed, summary }: { passed: unknown; summary: unknown }) =>
    typeof passed === 'boolean' && typeof summary === 'string';
  const whole =
    isMap(value) &&
    value.format === 1 &&
    KEY.test(String(value.key)) &&
    typeof value.stage === 'string' &&
    (value.element === null || typeof value.element === 'string') &&
    isMap(value.outputs) &&
    Object.values(value.outputs).every(
      (output) => MD5.test(String(output?.md5)) && isSize(output.size) && isListOf(output),
    ) &&
    isMap(value.parts) &&
    (value.verdict === null || (isMap(value.verdict) && isVerdict(value.verdict))) &&
    isMap(value.made);
  return whole ? value : null;
}

const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;

/** Whether the files that stand for a tree, if any do, are those of this tree. */
function isListOf({ md5, files }: Artifact): boolean {
  if (files === undefined) return true;
  try {
    return treeDigest(files) === md5 && files.every(({ size }) => isSize(size));
  } catch {
    return false;
  }
}
