// Says what differs first between two artifacts in the words of their format: a table's cell, a text's line, or a byte.
import { type Difference, describeDifference } from '../lib/engine/evidence.ts';
import type { BlobStore } from '../lib/store/blob.ts';
import type { Table } from '../lib/table/column.ts';

export type Facts = Readonly<Record<string, string | number>>;

const MOST = 100;

/** Facts for a problem: artifact and file, first differing byte, row from 1, column, and what stands there on both sides. */
export async function differingFacts(
  found: Difference,
  stores: { readonly was: BlobStore; readonly now: BlobStore },
  names: { readonly was: string; readonly now: string },
): Promise<Facts> {
  const { was, now, ...rest } = describeDifference(found);
  const facts = { ...rest } as Record<string, string | number>;
  const sides = { [names.was]: was as string, [names.now]: now as string };
  if (found.byte === null) return { ...facts, ...sides };
  const [left, right] = [Buffer.from(stores.was.read(found.was)), Buffer.from(stores.now.read(found.now))];
  if (isParquet(left) && isParquet(right)) {
    const cell = await firstCell(left, right);
    if (cell === null) return { ...facts, 'in the table': 'every value is the same', ...sides };
    return { ...facts, row: cell.row, column: cell.column, [names.was]: cell.was, [names.now]: cell.now };
  }
  if (found.row === null) return { ...facts, ...sides };
  return { ...facts, [names.was]: lineAt(left, found.byte), [names.now]: lineAt(right, found.byte) };
}

const isParquet = (bytes: Buffer) => bytes.subarray(0, 4).toString('latin1') === 'PAR1';

async function firstCell(left: Buffer, right: Buffer) {
  const { readParquet } = await import('../lib/table/parquet.ts');
  const [a, b] = [readParquet(left), readParquet(right)];
  const names = [...new Set([...Object.keys(a.columns), ...Object.keys(b.columns)])];
  for (let row = 0; row < Math.max(a.rows, b.rows); row++) {
    for (const column of names) {
      const [was, now] = [cell(a, column, row), cell(b, column, row)];
      if (was !== now) return { row: row + 1, column, was, now };
    }
  }
  return null;
}

function cell(table: Table, name: string, row: number): string {
  const column = table.columns[name];
  if (column === undefined || row >= table.rows) return '(absent)';
  const value = column.values[row];
  return column.valid?.[row] === 0 ? '(no value)' : Object.is(value, -0) ? '-0' : String(value);
}

/** The line that holds a byte; of a long one the part around it. */
function lineAt(bytes: Buffer, byte: number): string {
  const start = bytes.lastIndexOf(10, byte - 1) + 1;
  const end = bytes.indexOf(10, byte);
  const from = Math.max(start, byte - MOST / 2);
  const line = bytes.subarray(from, Math.min(end < 0 ? bytes.length : end, from + MOST)).toString('utf8');
  return byte >= bytes.length ? `${line} (ends here)` : from > start ? `…${line}` : line;
}
