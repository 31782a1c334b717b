// CSV as RFC 4180 has it, strictly: what is not is reported with its line and left out, never guessed at.
import { isUtf8 } from 'node:buffer';
import { ProblemError } from '../base/problem.ts';
import { checkValues, type Table } from './column.ts';
import { formatDay, formatInstant } from './day.ts';
import type { Finding, FindingKind } from './finding.ts';
import { numberAt, parseNumber } from './number.ts';
import { type FieldType, isSynthetic } from './schema.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/** A column of this name says "true" in every row of an exported synthetic table: CSV has no place for metadata. */
export const SYNTHETIC_COLUMN = 'synthetic';

export interface Csv {
  readonly header: readonly string[];
  /** Whole rows below the header; a row with a finding is not among them. */
  readonly rows: number;
  /** Line on which row `row` begins, from 1. */
  line(row: number): number;
  text(row: number, column: number): string;
  isEmpty(row: number, column: number): boolean;
  /** The cell as a finite decimal number, NaN when it is not one. */
  number(row: number, column: number): number;
  readonly findings: readonly Finding[];
}

/**
 * Read UTF-8 text with LF or CRLF lines, with or without a byte order mark. Rows with another number of fields than the
 * header and rows with a broken quote become findings; reading goes on with the line after. Blank lines at the end do not
 * count unless there is but one column. Throws `table/malformed` on bytes that are not UTF-8 and on lines that end with CR alone.
 */
export function readCsv(bytes: Uint8Array, file: string): Csv {
  if (!isUtf8(bytes))
    throw new ProblemError({
      code: 'table/malformed',
      message: `${file} is not UTF-8 text`,
      hint: 'Save it as UTF-8, or name the adapter that reads its format.',
    });
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const findings: Finding[] = [];
  const find = (row: number, kind: FindingKind, detail: string): void => {
    findings.push({ file, row, kind, detail });
  };
  const scan = makeScan(view);
  // A record that is a blank line at the end of the file is no record.
  let end = view.length;
  while (end > 0 && (view[end - 1] === LF || view[end - 1] === CR)) end -= 1;
  if (!view.includes(LF) && view.subarray(0, end).includes(CR))
    throw new ProblemError({
      code: 'table/malformed',
      message: `${file} ends its lines with CR alone`,
      hint: 'Save it with LF or CRLF line ends.',
    });

  let header: string[] = [];
  let lines = new Int32Array(1024);
  let rows = 0;
  let line = 1;
  let at = view[0] === 0xef && view[1] === 0xbb && view[2] === 0xbf ? 3 : 0;
  if (at >= end) find(0, 'empty-file', 'the file is empty');
  while (at < end) {
    const first = scan.count;
    const { next, newlines, error } = scan.record(at);
    const isHeader = line === 1;
    const width = scan.count - first;
    const miscounted = error === null && !isHeader && width !== header.length;
    if (error !== null || miscounted) {
      if (miscounted) find(line, 'field-count', `${width} fields where the header has ${header.length}`);
      else find(line, 'quote', error!);
      if (isHeader) break;
      scan.count = first;
      // A broken quote may have swallowed good lines: go on with the one after its first.
      const feed = view.indexOf(LF, at);
      at = feed < 0 ? view.length : feed + 1;
      line += 1;
      continue;
    }
    if (isHeader) {
      header = Array.from({ length: width }, (_, column) => scan.text(first + column));
      scan.count = first;
      // With one column a blank line is a row: its cell is empty.
      if (width === 1) end = view.length;
      const twice = header.find((name, column) => header.indexOf(name) < column);
      if (twice !== undefined) find(1, 'duplicate-column', `column "${twice}" is there more than once`);
    } else {
      if (rows === lines.length) lines = grow(lines);
      lines[rows] = line;
      rows += 1;
    }
    at = next;
    line += newlines;
  }
  const cell = (row: number, column: number): number => row * header.length + column;
  return {
    header,
    rows,
    findings,
    line: (row) => lines[row]!,
    text: (row, column) => scan.text(cell(row, column)),
    isEmpty: (row, column) => scan.isEmpty(cell(row, column)),
    number: (row, column) => scan.number(cell(row, column)),
  };
}

/** Header, then one line per row: LF, shortest round-trip numbers, ISO dates, quotes where needed, nothing for null. */
export function writeCsv(table: Table): string {
  checkValues(table);
  const { fields } = table.schema;
  const marked = isSynthetic(table.schema) && !fields.some(({ name }) => name === SYNTHETIC_COLUMN);
  const tail = marked ? ',true' : '';
  const lines = [[...fields.map(({ name }) => quoted(name)), ...(marked ? [SYNTHETIC_COLUMN] : [])].join(',')];
  const columns = fields.map(({ name, type }) => ({ type, ...table.columns[name]! }));
  for (let row = 0; row < table.rows; row += 1) {
    const cells = columns.map(({ type, values, valid }) => (valid?.[row] === 0 ? '' : shown(type, values[row]!)));
    lines.push(cells.join(',') + tail);
  }
  lines.push('');
  return lines.join('\n');
}

function shown(type: FieldType, value: string | number): string {
  if (typeof value === 'string') return value === '' ? '""' : quoted(value);
  if (type === 'date') return formatDay(value);
  if (type === 'timestamp') return formatInstant(value);
  if (type === 'bool') return value === 0 ? 'false' : 'true';
  return Object.is(value, -0) ? '-0' : String(value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) || text.startsWith('\ufeff') ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Cells as offsets into the bytes; a cell becomes a number without ever becoming a string. */
function makeScan(view: Buffer) {
  let from = new Int32Array(8192);
  /** Complemented where doubled quotes must be undone. */
  let to = new Int32Array(8192);

  const scan = {
    count: 0,

    /** Append the cells of the record that begins at `at`. */
    record(at: number): { next: number; newlines: number; error: string | null } {
      let newlines = 1;
      const stop = (error: string | null, next: number) => ({ next, newlines, error });
      for (;;) {
        let doubled = false;
        let start = at;
        let end: number;
        if (view[at] === QUOTE) {
          start = at + 1;
          at = start;
          for (;;) {
            if (at >= view.length) return stop('a quote is opened and never closed', at);
            const byte = view[at];
            if (byte === LF) newlines += 1;
            if (byte === QUOTE) {
              if (view[at + 1] !== QUOTE) break;
              doubled = true;
              at += 1;
            }
            at += 1;
          }
          end = at;
          at += 1;
        } else {
          while (at < view.length && view[at] !== COMMA && view[at] !== LF) {
            if (view[at] === QUOTE) return stop('a quote inside an unquoted field', at);
            at += 1;
          }
          end = at > start && view[at] === LF && view[at - 1] === CR ? at - 1 : at;
        }
        if (scan.count === from.length) [from, to] = [grow(from), grow(to)];
        from[scan.count] = start;
        to[scan.count] = doubled ? ~end : end;
        scan.count += 1;
        if (view[at] === CR && view[at + 1] === LF) at += 1;
        if (at >= view.length || view[at] === LF) return stop(null, at + 1);
        if (view[at] !== COMMA) return stop('text after a closing quote', at);
        at += 1;
      }
    },

    text(cell: number): string {
      const end = to[cell]!;
      if (end >= 0) return view.toString('utf8', from[cell], end);
      return view.toString('utf8', from[cell], ~end).replaceAll('""', '"');
    },

    isEmpty(cell: number): boolean {
      return from[cell] === to[cell];
    },

    number(cell: number): number {
      const fast = numberAt(view, from[cell]!, to[cell]!);
      return Number.isNaN(fast) ? parseNumber(scan.text(cell)) : fast;
    },
  };
  return scan;
}

function grow(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
