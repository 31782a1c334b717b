// DuckDB as the independent reader and writer: it sees in our files what we wrote, and we read what it writes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTable, nanAsNull } from '../../lib/table/column.ts';
import { logicalHash } from '../../lib/table/logical.ts';
import { readParquet } from '../../lib/table/parquet.ts';
import { writeParquet } from '../../lib/table/parquet-writer.ts';
import { defineSchema, optional, required } from '../../lib/table/schema.ts';
import { cells } from './arbitrary.ts';

const folder = mkdtempSync(join(tmpdir(), 'table-'));
let duck: DuckDBConnection;

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => {
  duck.closeSync();
  rmSync(folder, { recursive: true });
});

async function ask(sql: string): Promise<unknown[]> {
  return (await duck.runAndReadAll(sql)).getRowsJson();
}

const schema = defineSchema(
  'test/bars@1',
  [
    required('date', 'date'),
    required('at', 'timestamp'),
    required('ticker', 'utf8'),
    optional('close', 'float64'),
    required('volume', 'int64'),
    optional('n', 'int32'),
    optional('halted', 'bool'),
  ],
  { synthetic: true, generatorVersion: 'v1-dev.3' },
);

const table = makeTable(schema, {
  date: Int32Array.of(-1, 0, 18262, 19723),
  at: Float64Array.of(-1, 0, 1_577_836_800_000_001, 1_704_067_199_999_999),
  ticker: ['AAPL', 'naïve "値"', '', '𝄞'],
  close: nanAsNull(Float64Array.of(-0, Number.NaN, Number.MIN_VALUE, Number.MAX_VALUE)),
  volume: Float64Array.of(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  n: { values: Int32Array.of(1, -2, 3, 2147483647), valid: Uint8Array.of(1, 0, 1, 1) },
  halted: { values: Uint8Array.of(0, 1, 1, 0), valid: Uint8Array.of(1, 1, 0, 1) },
});

function place(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test('[S1-41] DuckDB reads the values, types and nulls we wrote, over several row groups', async () => {
  const path = place('ours.parquet', writeParquet(table, { rowGroupRows: 3 }));
  expect(await ask(`SELECT * EXCLUDE ("at", close), epoch_us("at") AS us FROM '${path}'`)).toEqual([
    ['1969-12-31', 'AAPL', '0', 1, false, '-1'],
    ['1970-01-01', 'naïve "値"', '-1', null, true, '0'],
    ['2020-01-01', '', '9007199254740991', 3, null, '1577836800000001'],
    ['2024-01-01', '𝄞', '-9007199254740991', 2147483647, false, '1704067199999999'],
  ]);
  expect(
    await ask(`SELECT signbit(close), close IS NULL, close = 5e-324, close = 1.7976931348623157e308 FROM '${path}'`),
  ).toEqual([
    [true, false, false, false],
    [null, true, null, null],
    [false, false, true, false],
    [false, false, false, true],
  ]);
  expect(await ask(`SELECT column_type FROM (DESCRIBE SELECT * FROM '${path}')`)).toEqual(
    ['DATE', 'TIMESTAMP WITH TIME ZONE', 'VARCHAR', 'DOUBLE', 'BIGINT', 'INTEGER', 'BOOLEAN'].map((type) => [type]),
  );
});

test('[S1-72] DuckDB sees the marker, the schema and the generator version in the file metadata', async () => {
  const path = place('marked.parquet', writeParquet(table));
  const rows = await ask(
    `SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}') WHERE decode(key) LIKE 'marketloom:%' ORDER BY 1`,
  );
  expect(rows).toEqual([
    ['marketloom:generator_version', 'v1-dev.3'],
    ['marketloom:logical_sha256', logicalHash(table)],
    ['marketloom:schema', 'test/bars@1'],
    ['marketloom:synthetic', 'true'],
  ]);
});

test('every column chunk is zstd, in the encoding that suits its values, and has the statistics by which readers skip', async () => {
  const rows = 3000;
  const dates = Int32Array.from({ length: rows }, (_, row) => row);
  const from = (of: (row: number) => number) => Float64Array.from(dates, of);
  const many = makeTable(
    defineSchema(
      't@1',
      [
        required('drawn', 'float64'),
        required('few', 'float64'),
        required('price', 'float64'),
        required('row', 'date'),
        required('session', 'date'),
        required('ticker', 'utf8'),
      ],
      { synthetic: false },
    ),
    {
      drawn: from((row) => Math.sqrt(row)),
      few: from((row) => -((row * 37) % 101) / 100),
      price: from((row) => ((row * 7919) % 100_003) / 100),
      row: dates,
      session: dates.map((row) => Math.floor(row / 390)),
      ticker: Array.from(dates, () => 'T'),
    },
  );
  const path = place('layout.parquet', writeParquet(many, { rowGroupRows: 2500 }));
  expect(
    await ask(`SELECT row_group_id, path_in_schema, encodings, compression, stats_min_value, stats_max_value, stats_null_count
               FROM parquet_metadata('${path}') ORDER BY 1, 2`),
  ).toEqual([
    ['0', 'drawn', 'BYTE_STREAM_SPLIT', 'ZSTD', '-0.0', '49.98999899979995', '0'],
    ['0', 'few', 'RLE_DICTIONARY, PLAIN', 'ZSTD', '-1.0', '0.0', '0'],
    ['0', 'price', 'PLAIN', 'ZSTD', '-0.0', '999.84', '0'],
    ['0', 'row', 'DELTA_BINARY_PACKED', 'ZSTD', '1970-01-01', '1976-11-04', '0'],
    ['0', 'session', 'RLE_DICTIONARY, PLAIN', 'ZSTD', '1970-01-01', '1970-01-07', '0'],
    ['0', 'ticker', 'RLE_DICTIONARY, PLAIN', 'ZSTD', 'T', 'T', '0'],
    ['1', 'drawn', 'BYTE_STREAM_SPLIT', 'ZSTD', '50.0', '54.76312628037227', '0'],
    ['1', 'few', 'RLE_DICTIONARY, PLAIN', 'ZSTD', '-1.0', '0.0', '0'],
    ['1', 'price', 'PLAIN', 'ZSTD', '1.48', '999.46', '0'],
    ['1', 'row', 'DELTA_BINARY_PACKED', 'ZSTD', '1976-11-05', '1978-03-19', '0'],
    ['1', 'session', 'RLE_DICTIONARY, PLAIN', 'ZSTD', '1970-01-07', '1970-01-08', '0'],
    ['1', 'ticker', 'RLE_DICTIONARY, PLAIN', 'ZSTD', 'T', 'T', '0'],
  ]);
  expect(await ask(`SELECT count(*), sum(few), max(drawn) FROM '${path}' WHERE "row" >= DATE '1976-11-05'`)).toEqual([
    ['500', -250.77000000000004, 54.76312628037227],
  ]);
});

test.each(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])(
  'a %s file of DuckDB is read',
  async (codec) => {
    const ours = place('source.parquet', writeParquet(table));
    const theirs = join(folder, `${codec}.parquet`);
    for (const version of ['V1', 'V2']) {
      await ask(
        `COPY (FROM '${ours}') TO '${theirs}' (FORMAT parquet, COMPRESSION ${codec}, PARQUET_VERSION ${version})`,
      );
      const back = readParquet(readFileSync(theirs));
      expect(cells(back)).toEqual(cells(table));
      expect(logicalHash(back)).toBe(logicalHash(table));
    }
  },
);

test('decimals, dictionaries, narrow and unsigned integers, floats and timestamps of any unit come as sensible types', async () => {
  const path = join(folder, 'kinds.parquet');
  await ask(`COPY (SELECT
      12345.67::DECIMAL(18,2) AS dec, -0.1::DECIMAL(4,1) AS small, 123456789012345678901234.5::DECIMAL(38,1) AS wide,
      'b'::ENUM('a', 'b') AS code, (-5)::TINYINT AS tiny, 65535::USMALLINT AS half, 4294967295::UINTEGER AS u32, 1.5::FLOAT AS f,
      TIMESTAMP_S '2020-01-02 03:04:05' AS s, TIMESTAMP_MS '2020-01-02 03:04:05.678' AS ms,
      TIMESTAMP_NS '1969-12-31 23:59:59.999999999' AS ns, TIMESTAMP '2020-01-02 03:04:05.000001' AS us
    ) TO '${path}' (FORMAT parquet)`);
  const back = readParquet(readFileSync(path));
  expect(back.schema.fields.map(({ type }) => type).join(' ')).toBe(
    'float64 float64 float64 utf8 int32 int32 int64 float64 timestamp timestamp timestamp timestamp',
  );
  const at = 1_577_934_245_000_000;
  expect(Object.values(cells(back)).map(([first]) => first)).toEqual([
    12345.67,
    -0.1,
    Number('1.234567890123456789012345e23'),
    'b',
    -5,
    65535,
    4294967295,
    1.5,
    at,
    at + 678_000,
    -1,
    at + 1,
  ]);
});

test('a column no table can hold is refused by name unless it is not wanted; so is an integer beyond 2^53', async () => {
  const path = join(folder, 'nested.parquet');
  await ask(`COPY (SELECT 1.5 AS x, [1, 2] AS list, 9007199254740992 AS big) TO '${path}' (FORMAT parquet)`);
  const bytes = readFileSync(path);
  expect(() => readParquet(bytes, (name) => name !== 'big')).toThrow(/table\/malformed: column "list"/);
  expect(() => readParquet(bytes, (name) => name !== 'list')).toThrow(/table\/malformed: column "big" row 0/);
  expect(cells(readParquet(bytes, (name) => name === 'x'))).toEqual({ x: [1.5] });
});

test('an empty file of DuckDB is an empty table with its columns', async () => {
  const path = join(folder, 'empty.parquet');
  await ask(`COPY (SELECT 1.5::DOUBLE AS x, 'a' AS s WHERE false) TO '${path}' (FORMAT parquet)`);
  const back = readParquet(readFileSync(path));
  expect([back.rows, back.schema.fields.map(({ name, type }) => `${name} ${type}`)]).toEqual([
    0,
    ['x float64', 's utf8'],
  ]);
});
