// Price files in CSV.
import { type Csv, readCsv, SYNTHETIC_COLUMN } from '../csv.ts';
import { parseInstant } from '../day.ts';
import { type Adapter, collectPrices } from '../prices.ts';

export const adapter: Adapter = {
  name: 'csv',
  extensions: ['csv'],
  read(bytes, request) {
    const csv = readCsv(bytes, request.file);
    return collectPrices(
      {
        ...csv,
        instant: (row, column) => parseInstant(csv.text(row, column)),
        synthetic: saysSynthetic(csv),
      },
      request,
    );
  },
};

/** One marked row is enough: an export was mixed into other prices. */
function saysSynthetic(csv: Csv): boolean {
  const column = csv.header.indexOf(SYNTHETIC_COLUMN);
  for (let row = 0; column >= 0 && row < csv.rows; row += 1) if (csv.text(row, column) === 'true') return true;
  return false;
}
