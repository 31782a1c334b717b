// Price files in Parquet, whoever wrote them.
import type { Table } from '../column.ts';
import { DAY_US, dayOfInstant, formatDay, formatInstant, type Instant, parseInstant } from '../day.ts';
import { parseNumber } from '../number.ts';
import { readParquet } from '../parquet.ts';
import { type Adapter, type Cells, collectPrices, findColumn, type PriceColumn, type PriceRequest } from '../prices.ts';
import { isSynthetic } from '../schema.ts';

const COLUMNS: readonly PriceColumn[] = ['date', 'ticker', 'open', 'high', 'low', 'close', 'volume'];

export const adapter: Adapter = {
  name: 'parquet',
  extensions: ['parquet', 'pq'],
  read(bytes, request) {
    const wanted = (name: string) => COLUMNS.some((column) => findColumn([name], column, request.columns) === 0);
    return collectPrices(cellsOf(readParquet(bytes, wanted), request), request);
  },
};

function cellsOf(table: Table, { file }: PriceRequest): Cells {
  const { fields } = table.schema;
  const columns = fields.map(({ name, type }) => ({ type, ...table.columns[name]! }));
  const isNull = (row: number, column: number) => columns[column]!.valid?.[row] === 0;

  const number = (row: number, column: number): number => {
    const { type, values } = columns[column]!;
    const value = values[row]!;
    if (isNull(row, column)) return Number.NaN;
    if (typeof value === 'string') return parseNumber(value);
    const numeric = type === 'float64' || type === 'int64' || type === 'int32';
    return numeric && Number.isFinite(value) ? value : Number.NaN;
  };
  const instant = (row: number, column: number): Instant | null => {
    const { type, values } = columns[column]!;
    const value = values[row]!;
    if (isNull(row, column)) return null;
    if (typeof value === 'string') return parseInstant(value);
    if (type === 'date') return { day: value, us: value * DAY_US };
    return type === 'timestamp' ? { day: dayOfInstant(value), us: value } : null;
  };
  return {
    header: fields.map(({ name }) => name),
    rows: table.rows,
    findings: table.rows > 0 ? [] : [{ file, row: 0, kind: 'empty-file', detail: 'the file has no rows' }],
    line: (row) => row + 1,
    text: (row, column) => {
      if (isNull(row, column)) return '';
      const { type, values } = columns[column]!;
      const value = values[row]!;
      if (typeof value === 'string') return value;
      if (type === 'date') return formatDay(value);
      if (type === 'timestamp') return formatInstant(value);
      return type === 'bool' ? String(value !== 0) : String(value);
    },
    // pandas and others write "no value" as NaN.
    isEmpty: (row, column) => isNull(row, column) || ['', Number.NaN].includes(columns[column]!.values[row]!),
    number,
    instant,
    synthetic: isSynthetic(table.schema),
  };
}
