// Laws of CSV: what RFC 4180 allows is read exactly, what it does not is reported by line and left out.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemError } from '../../lib/base/problem.ts';
import { makeTable } from '../../lib/table/column.ts';
import { type Csv, readCsv, writeCsv } from '../../lib/table/csv.ts';
import { dayOf, formatDay, formatInstant, parseInstant } from '../../lib/table/day.ts';
import { numberAt, parseNumber } from '../../lib/table/number.ts';
import { defineSchema, optional, required } from '../../lib/table/schema.ts';
import { runs } from '../thorough.ts';
import { anyTable } from './arbitrary.ts';

const read = (text: string) => readCsv(Buffer.from(text), 'x.csv');
const rowsOf = (csv: Csv) =>
  Array.from({ length: csv.rows }, (_, row) => csv.header.map((_, column) => csv.text(row, column)));
const said = (csv: Csv) => csv.findings.map(({ row, kind }) => `${row} ${kind}`);

const quote = (cell: string, always: boolean) =>
  always || /[",\r\n]/.test(cell) || cell.startsWith('\ufeff') ? `"${cell.replaceAll('"', '""')}"` : cell;
const cell = fc.tuple(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'a,b', 'a"b', '"', '\r\n', '\n\n')),
  fc.boolean(),
);

test('any cells written by the rules come back, with LF or CRLF, with or without a byte order mark or a last line end', () => {
  const grid = fc
    .integer({ min: 2, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(grid, fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean(), (rows, eol, mark, last) => {
      const lines = rows.map((row) => row.map(([text, always]) => quote(text, always)).join(','));
      const csv = read((mark ? '\ufeff' : '') + lines.join(eol) + (last ? eol : ''));
      expect([csv.header, ...rowsOf(csv)]).toEqual(rows.map((row) => row.map(([text]) => text)));
      expect(said(csv).filter((one) => !one.endsWith('duplicate-column'))).toEqual([]);
      let line = 1;
      rows.forEach((row, i) => {
        if (i > 0) expect(csv.line(i - 1)).toBe(line);
        line += 1 + row.reduce((sum, [text]) => sum + text.split('\n').length - 1, 0);
      });
    }),
    { numRuns: runs(300) },
  );
});

test('rows with fields missing or left over are reported by line, and the rows around them are read', () => {
  const csv = read('a,b\r\n1,2\r\n3\r\n4,5,6\r\n\r\n7,8\r\n');
  expect(rowsOf(csv)).toEqual([
    ['1', '2'],
    ['7', '8'],
  ]);
  expect([csv.line(0), csv.line(1)]).toEqual([2, 6]);
  expect(csv.findings).toEqual([
    { file: 'x.csv', row: 3, kind: 'field-count', detail: '1 fields where the header has 2' },
    { file: 'x.csv', row: 4, kind: 'field-count', detail: '3 fields where the header has 2' },
    { file: 'x.csv', row: 5, kind: 'field-count', detail: '1 fields where the header has 2' },
  ]);
});

test('a quote that is never closed, stands inside a field or is followed by text costs its own line only', () => {
  const csv = read('a,b\n1,"x\n2,y\n3,a"b\n4,"z"z\n5,"w"\n6,"\n');
  expect(rowsOf(csv)).toEqual([
    ['2', 'y'],
    ['5', 'w'],
  ]);
  expect([csv.line(0), csv.line(1)]).toEqual([3, 6]);
  expect(said(csv)).toEqual(['2 quote', '4 quote', '5 quote', '7 quote']);
});

test('a quote that makes one row of two, with fields left over, costs the second row nothing', () => {
  const csv = read('a,b,c\n1,2,"x\n3,4,"y"\n5,6,"z"\n');
  expect(said(csv)).toEqual(['2 quote']);
  const joined = read('a,b\n1,"x\n2",3,4\n5,6\n');
  expect([said(joined), rowsOf(joined)]).toEqual([['2 field-count', '3 quote'], [['5', '6']]]);
});

test('an empty file, a file of line ends and a broken header give a finding and no rows', () => {
  for (const text of ['', '\ufeff', '\n\n', '\r\n']) expect(said(read(text))).toEqual(['0 empty-file']);
  const broken = read('a,"b\n1,2\n');
  expect([broken.header, broken.rows, said(broken)]).toEqual([[], 0, ['1 quote']]);
  expect(said(read('a,b,a\n1,2,3\n'))).toEqual(['1 duplicate-column']);
});

test('bytes that are not UTF-8 are refused', () => {
  const latin = Buffer.from('date,näme\n', 'latin1');
  const utf16 = Buffer.from('\ufeffdate,name\n', 'utf16le');
  for (const bytes of [latin, utf16]) expect(() => readCsv(bytes, 'x.csv')).toThrow(ProblemError);
});

test('lines that end with CR alone, as old spreadsheets write them, are refused as that and not read as one long header', () => {
  expect(() => read('date,close\r2020-01-02,1\r')).toThrow(/x\.csv ends its lines with CR alone/);
  for (const text of ['a,b\r\n1,2\r\n', 'a,b\r\n1,2', 'a,b', '"a\rb",c\n1,2\n']) expect(() => read(text)).not.toThrow();
});

test('after any damage each line is read or reported, and nothing is read twice or invented', () => {
  const good = `id,x,y\n${Array.from({ length: 30 }, (_, i) => `r${i},${i},"v${i}"`).join('\n')}\n`;
  const edits = fc.array(
    fc.tuple(fc.nat({ max: good.length - 1 }), fc.constantFrom('"', ',', '\n', '\r', '7', 'é', '')),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(edits, (list) => {
      let text = good;
      for (const [at, put] of list) text = text.slice(0, at) + put + text.slice(at + 1);
      const csv = read(text);
      // Line ends at the end of the file are no rows.
      const lines = text.replace(/[\r\n]+$/, '').split('\n');
      const kept = new Set(rowsOf(csv).map(([id]) => id));
      expect(kept.size).toBeLessThanOrEqual(31);
      if (csv.header.length !== 3) return;
      const seen = new Set([
        ...Array.from({ length: csv.rows }, (_, row) => csv.line(row)),
        ...csv.findings.map(({ row }) => row),
      ]);
      lines.forEach((line, i) => {
        // Lines without a quote can only be lost inside a quoted field that really spans them.
        if (i === 0 || line === '' || seen.has(i + 1)) return;
        const spanned = rowsOf(csv).some((cells) => cells.some((one) => one.includes('\n')));
        expect(spanned).toBe(true);
      });
    }),
    { numRuns: runs(500) },
  );
});

test('numbers are read as the nearest double, by the fast way and the slow', () => {
  const decimal = fc.tuple(fc.maxSafeNat(), fc.nat({ max: 14 }), fc.boolean()).map(([digits, point, negative]) => {
    const text = String(digits).padStart(point + 1, '0');
    return `${negative ? '-' : ''}${point === 0 ? text : `${text.slice(0, -point)}.${text.slice(-point)}`}`;
  });
  fc.assert(
    fc.property(
      fc.oneof(
        decimal,
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? '-0' : String(x))),
      ),
      (text) => {
        expect(read(`n,m\n${text},"${text}"`).number(0, 0)).toBe(Number(text));
        expect(read(`n,m\n${text},"${text}"`).number(0, 1)).toBe(Number(text));
        const bytes = Buffer.from(text);
        const fast = numberAt(bytes, 0, bytes.length);
        if (!Number.isNaN(fast)) expect(fast).toBe(Number(text));
      },
    ),
    { numRuns: runs(1000) },
  );
});

test('what is not wholly a finite number is none', () => {
  const bad = [
    '',
    '-',
    '+',
    '.',
    '1e',
    'e5',
    ' 12abc',
    ' 12',
    '12 ',
    '1,234',
    '1 234',
    '1_000',
    '0x10',
    'NaN',
    'nan',
    'Infinity',
    '1e999',
    '1.2.3',
    '--1',
    '１',
    '1d',
    '12%',
    '$5',
    'null',
    'N/A',
  ];
  for (const text of bad) {
    expect([text, parseNumber(text)]).toEqual([text, Number.NaN]);
    expect([text, read(`n,m\n"${text}",1`).number(0, 0)]).toEqual([text, Number.NaN]);
  }
  expect(['+5', '.5', '5.', '1E3', '-1.5e-3', '007'].map(parseNumber)).toEqual([5, 0.5, 5, 1000, -0.0015, 7]);
  expect(parseNumber(`${'1'.repeat(200_000)}x`)).toBeNaN();
});

test('dates are read and written as the platform calendar does, and dates that do not exist are refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -719_162, max: 2_932_896 }),
      fc.integer({ min: 0, max: 86_399_999_999 }),
      (day, ofDay) => {
        const iso = new Date(day * 86_400_000).toISOString().slice(0, 10);
        expect(formatDay(day)).toBe(iso);
        const [year, month, date] = iso.split('-').map(Number) as [number, number, number];
        expect(dayOf(year, month, date)).toBe(day);
        const us = day * 86_400_000_000 + ofDay;
        expect(parseInstant(iso)).toEqual({ day, us: day * 86_400_000_000 });
        if (Number.isSafeInteger(us)) expect(parseInstant(formatInstant(us))).toEqual({ day, us });
      },
    ),
  );
  for (const text of [
    '2019-02-29',
    '1900-02-29',
    '2020-13-01',
    '2020-00-10',
    '2020-04-31',
    '2020-1-2',
    '20200102',
    '01/02/2020',
    '2020-01-02T24:00',
    '2020-01-02T10:61',
    '2020-01-02 10:00 EST',
    ' 2020-01-02',
    '2020-01-02x',
  ])
    expect([text, parseInstant(text)]).toEqual([text, null]);
});

test('a time with an offset keeps the date as written and the instant in UTC', () => {
  const day = dayOf(2020, 1, 2);
  const at = (text: string) => parseInstant(text);
  expect(at('2020-01-02 00:00:00+09:00')).toEqual({ day, us: Date.UTC(2020, 0, 1, 15) * 1000 });
  expect(at('2020-01-02T09:30:00.1234567-0500')).toEqual({ day, us: Date.UTC(2020, 0, 2, 14, 30) * 1000 + 123_456 });
  expect(at('2020-01-02T09:30Z')).toEqual({ day, us: Date.UTC(2020, 0, 2, 9, 30) * 1000 });
});

test('an exported table has shortest round-trip numbers, ISO dates, quotes where needed and nothing for null', () => {
  const schema = defineSchema(
    't@1',
    [
      required('date', 'date'),
      required('at', 'timestamp'),
      optional('x,y', 'float64'),
      optional('s', 'utf8'),
      required('b', 'bool'),
    ],
    { synthetic: false },
  );
  const table = makeTable(schema, {
    date: Int32Array.of(18262, -1),
    at: Float64Array.of(1_577_836_800_000_000, -1),
    'x,y': { values: Float64Array.of(0.1, 5), valid: Uint8Array.of(1, 0) },
    s: { values: ['a"b', ''], valid: Uint8Array.of(1, 1) },
    b: Uint8Array.of(1, 0),
  });
  expect(writeCsv(table)).toBe(
    'date,at,"x,y",s,b\n2020-01-01,2020-01-01T00:00:00Z,0.1,"a""b",true\n1969-12-31,1969-12-31T23:59:59.999999Z,,"",false\n',
  );
});

test('[S1-10] an exported synthetic table says so in a column of its own, in every row', () => {
  const table = makeTable(defineSchema('t@1', [required('x', 'float64')], { synthetic: true }), {
    x: Float64Array.of(-0, 1e21),
  });
  expect(writeCsv(table)).toBe('x,synthetic\n-0,true\n1e+21,true\n');
});

test('every float and text of an exported table is read back', () => {
  fc.assert(
    fc.property(anyTable(12), (table) => {
      const csv = readCsv(Buffer.from(writeCsv(table)), 'x.csv');
      expect(csv.rows).toBe(table.rows);
      expect(csv.findings).toEqual([]);
      table.schema.fields.forEach(({ name, type }, column) => {
        const { values, valid } = table.columns[name]!;
        for (let row = 0; row < table.rows; row += 1) {
          if (valid?.[row] === 0) expect(csv.text(row, column)).toBe('');
          else if (type === 'utf8') expect(csv.text(row, column)).toBe(values[row]);
          else if (type === 'float64' || type === 'int64' || type === 'int32')
            expect(csv.number(row, column)).toBe(values[row]);
        }
      });
    }),
  );
});

test.each(['@observablehq/sample-datasets/aapl.csv', 'vega-datasets/data/sp500-2000.csv'])(
  '%s is read whole',
  (path) => {
    const root = createRequire(import.meta.url)
      .resolve.paths(path)!
      .find((folder) => folder.endsWith('node_modules') && !folder.includes('tests'))!;
    const bytes = readFileSync(`${root}/${path}`);
    const csv = readCsv(bytes, path);
    expect(csv.findings).toEqual([]);
    expect(csv.rows).toBe(bytes.toString().trimEnd().split('\n').length - 1);
    for (let row = 0; row < csv.rows; row += 1)
      for (let column = 1; column < 7; column += 1) expect(csv.number(row, column)).toBeGreaterThanOrEqual(0);
  },
);
