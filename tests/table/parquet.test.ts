// Laws of Parquet files: what goes in comes out, equal rows give equal bytes, damaged bytes give a problem.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { md5 } from '../../lib/base/digest.ts';
import { ProblemError } from '../../lib/base/problem.ts';
import { makeTable, nanAsNull, sliceTable, type Table } from '../../lib/table/column.ts';
import { readFooter } from '../../lib/table/footer.ts';
import { logicalHash } from '../../lib/table/logical.ts';
import { loadParquet, readParquet, readParquetSchema } from '../../lib/table/parquet.ts';
import { openParquet, writeParquet } from '../../lib/table/parquet-writer.ts';
import { defineSchema, isSynthetic, optional, required } from '../../lib/table/schema.ts';
import { runs } from '../thorough.ts';
import { anyTable, cells } from './arbitrary.ts';

const bars = defineSchema(
  'test/bars@1',
  [
    required('date', 'date'),
    required('ticker', 'utf8'),
    required('close', 'float64'),
    optional('rsi', 'float64'),
    required('volume', 'int64'),
    required('halted', 'bool'),
    required('at', 'timestamp'),
  ],
  { synthetic: true, generatorVersion: 'v1-dev.2' },
);

/** Rows whose every value is an exact function of the row number, so that the golden bytes depend on nothing else. */
function sample(rows: number): Table {
  const from = <T>(make: (row: number) => T) => Array.from({ length: rows }, (_, row) => make(row));
  return makeTable(bars, {
    date: Int32Array.from(from((row) => 18262 + (row >> 1))),
    ticker: from((row) => (row % 2 === 0 ? 'AAPL' : 'MSFT')),
    close: Float64Array.from(from((row) => 100 + ((row * 37) % 101) / 8)),
    rsi: nanAsNull(Float64Array.from(from((row) => (row < 14 ? Number.NaN : (row * 7919) % 100)))),
    volume: Float64Array.from(from((row) => 1_000_000 + ((row * 104_729) % 50_021))),
    halted: Uint8Array.from(from((row) => (row % 10 === 0 ? 1 : 0))),
    at: Float64Array.from(from((row) => 1_577_836_800_000_000 + row * 60_000_000)),
  });
}

test('a table that is written and read is the same, with its schema, nulls, signs of zero and extreme values', () => {
  fc.assert(
    fc.property(anyTable(), fc.integer({ min: 1, max: 50 }), (table, rowGroupRows) => {
      const back = readParquet(writeParquet(table, { rowGroupRows }));
      expect(back.schema).toEqual(table.schema);
      expect(back.rows).toBe(table.rows);
      expect(cells(back)).toEqual(cells(table));
    }),
    { numRuns: runs(150) },
  );
});

test('[S1-110] write, read and write again gives the same bytes', () => {
  fc.assert(
    fc.property(anyTable(), (table) => {
      const bytes = writeParquet(table);
      expect(md5(writeParquet(readParquet(bytes)))).toBe(md5(bytes));
    }),
    { numRuns: runs(60) },
  );
});

test('bytes do not depend on the pieces the rows arrive in, nor on what lies under nulls', () => {
  fc.assert(
    fc.property(anyTable(60), fc.array(fc.nat({ max: 60 })), fc.integer({ min: 1, max: 30 }), (table, cuts, size) => {
      const parts: Uint8Array[] = [];
      const writer = openParquet(table.schema, { rowGroupRows: size }, (bytes) => parts.push(bytes.slice()));
      const edges = [0, ...cuts.filter((cut) => cut < table.rows).sort((a, b) => a - b), table.rows];
      for (let i = 1; i < edges.length; i += 1) {
        const piece = sliceTable(readParquet(writeParquet(table)), edges[i - 1]!, edges[i]!);
        writer.write(piece);
        for (const { values } of Object.values(piece.columns)) if (ArrayBuffer.isView(values)) values.fill(1);
      }
      const summary = writer.close();
      const whole = writeParquet(table, { rowGroupRows: size });
      expect(md5(Buffer.concat(parts))).toBe(md5(whole));
      expect(summary).toEqual({ rows: table.rows, bytes: whole.length, logicalHash: logicalHash(table) });
    }),
    { numRuns: runs(60) },
  );
});

test('row groups are full but for the last, and an empty table is a file without any', () => {
  const groups = (rows: number, rowGroupRows: number) =>
    readFooter(writeParquet(sample(rows), { rowGroupRows })).rowGroups.map((group) => Number(group.get(3)!.value));
  expect(groups(1000, 300)).toEqual([300, 300, 300, 100]);
  expect(groups(600, 300)).toEqual([300, 300]);
  expect(groups(0, 300)).toEqual([]);
  expect(readParquet(writeParquet(sample(0))).schema).toEqual(bars);
});

test('these rows have these bytes for ever', () => {
  expect(md5(writeParquet(sample(1000), { rowGroupRows: 300 }))).toBe('3f33c706d94bcddcd94d8069926c12a8');
  expect(md5(writeParquet(sample(0)))).toBe('b4483324122ec74af5a55823c5723577');
});

test('no path, host, date or dataset reaches the bytes: footers hold only the schema, its marker and the logical hash', () => {
  const { metadata, createdBy } = readFooter(writeParquet(sample(10)));
  expect(Object.keys(metadata)).toEqual([
    'ARROW:schema',
    'marketloom:generator_version',
    'marketloom:logical_sha256',
    'marketloom:schema',
    'marketloom:synthetic',
  ]);
  expect(createdBy).toBe('marketloom');
});

test('[S1-72] schema, marker and logical hash are read from the footer without the rows', () => {
  const table = sample(100);
  const { schema, rows, logicalHash: recorded } = readParquetSchema(writeParquet(table));
  expect(schema).toEqual(bars);
  expect(isSynthetic(schema)).toBe(true);
  expect(rows).toBe(100);
  expect(recorded).toBe(logicalHash(table));
});

test('only the columns asked for are read', () => {
  const table = readParquet(writeParquet(sample(20)), (name) => name === 'close' || name === 'date');
  expect(Object.keys(table.columns)).toEqual(['date', 'close']);
  expect(isSynthetic(table.schema)).toBe(true);
});

test('a value that may not leave refuses the whole table by column and row', () => {
  const table = sample(50);
  (table.columns.close!.values as Float64Array)[17] = Number.POSITIVE_INFINITY;
  expect(() => writeParquet(table)).toThrow('table/malformed: column "close" row 17 is Infinity');
});

test('text, JSON, an empty file and any beginning of a Parquet file are refused as malformed', () => {
  const whole = writeParquet(sample(40));
  const others = [
    new Uint8Array(0),
    Buffer.from('date,close\n'),
    Buffer.from('PAR1PAR1'),
    Buffer.from('PAR1xxxxxxxxPAR1'),
  ];
  for (let size = 0; size < whole.length; size += 13) others.push(Buffer.from(whole.subarray(0, size)));
  for (const bytes of others) {
    for (const read of [readParquet, readParquetSchema]) {
      expect(() => read(bytes)).toThrow(ProblemError);
      expect(() => read(bytes)).toThrow(/^table\/malformed/);
    }
  }
});

test('damaged bytes give a problem or a table of the rows they claim, and good bytes are still read after', () => {
  const whole = writeParquet(sample(200), { rowGroupRows: 90 });
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.boolean(),
      (edits, nearEnd) => {
        const bytes = whole.slice();
        for (const [place, value] of edits) bytes[nearEnd ? whole.length - 1 - (place % 2500) : place] = value;
        try {
          const table = readParquet(bytes);
          for (const { values } of Object.values(table.columns)) expect(values.length).toBe(table.rows);
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
          refused += 1;
        }
      },
    ),
    { numRuns: runs(400) },
  );
  expect(refused).toBeGreaterThan(runs(400) / 8);
  expect(logicalHash(readParquet(whole))).toBe(logicalHash(sample(200)));
});

test('bytes that crash the codec are a problem too, and a fresh codec reads what comes next', () => {
  const whole = writeParquet(sample(200), { rowGroupRows: 90 });
  const before = loadParquet();
  const crashing = whole.slice();
  crashing[28] = 0;
  expect(() => readParquet(crashing)).toThrow(/^table\/malformed: .*crashes/);
  expect(loadParquet()).not.toBe(before);
  expect(md5(writeParquet(readParquet(whole), { rowGroupRows: 90 }))).toBe(md5(whole));
});
