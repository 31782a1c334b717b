// Why a unit runs: the same parts that make its key, compared with those of the last key it had.
import type { KeyParts } from './key.ts';

export type Reason =
  | { readonly kind: 'never-made' }
  | { readonly kind: 'forced' }
  | { readonly kind: 'param'; readonly name: string; readonly was: string; readonly now: string }
  | { readonly kind: 'code'; readonly path: string; readonly change: 'changed' | 'added' | 'removed' }
  | { readonly kind: 'input'; readonly name: string; readonly was: string; readonly now: string }
  /** The input is not known yet: its own stage has to run first, and may give the same bytes. */
  | { readonly kind: 'upstream'; readonly stage: string }
  | { readonly kind: 'output-missing'; readonly output: string }
  | { readonly kind: 'output-corrupted'; readonly output: string }
  | { readonly kind: 'receipt-missing' }
  /** Every value is the one it was, but under the name of another param. */
  | { readonly kind: 'rewired' };

/** One line for people, in the words of the design. */
export function describe(reason: Reason): string {
  switch (reason.kind) {
    case 'never-made':
      return 'never made here';
    case 'forced':
      return 'forced';
    case 'param':
      return `param \`${reason.name}\`: ${reason.was} -> ${reason.now}`;
    case 'code':
      return `code: \`${reason.path}\` ${reason.change}`;
    case 'input':
      return `input \`${reason.name}\`: ${reason.was} -> ${reason.now}`;
    case 'upstream':
      return `upstream: \`${reason.stage}\` runs first`;
    case 'output-missing':
      return `output missing: ${reason.output}`;
    case 'output-corrupted':
      return `output corrupted: ${reason.output}`;
    case 'receipt-missing':
      return 'its receipt is missing';
    case 'rewired':
      return 'its params have other names';
  }
}

/** The named differences between two keys' parts, in a fixed order: params, code, inputs. */
export function differences(was: KeyParts, now: KeyParts): Reason[] {
  const reasons: Reason[] = [];
  for (const [name, a, b] of changes(was.params, now.params))
    reasons.push({ kind: 'param', name, was: plain(a), now: plain(b) });
  for (const [path, a, b] of changes(was.code, now.code)) {
    reasons.push({ kind: 'code', path, change: a === null ? 'added' : b === null ? 'removed' : 'changed' });
  }
  for (const [name, a, b] of changes(was.inputs, now.inputs)) {
    reasons.push({ kind: 'input', name, was: short(a ?? '(none)'), now: short(b ?? '(none)') });
  }
  return reasons;
}

type Named = Readonly<Record<string, string>>;

/** What comes from a receipt may lack a part: receipts also come from elsewhere. */
function* changes(was: Named | null | undefined, now: Named): Generator<[string, string | null, string | null]> {
  const old: Named = was ?? {};
  const differ = [
    ...Object.keys(old).filter((name) => (old[name] ?? null) !== (now[name] ?? null)),
    ...Object.keys(now).filter((name) => !Object.hasOwn(old, name)),
  ];
  for (const name of differ.sort()) yield [name, old[name] ?? null, now[name] ?? null];
}

function short(digest: string): string {
  return /^[0-9a-f]{32}(\.dir)?$/.test(digest) ? digest.slice(0, 8) : digest;
}

/** A text without its quotes, as people write it in YAML. */
function plain(canonical: string | null): string {
  if (canonical === null) return '(none)';
  return /^"[^"\\]+"$/.test(canonical) ? canonical.slice(1, -1) : canonical;
}
