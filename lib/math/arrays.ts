// Elementary functions of whole arrays: the values of lib/math/elementary.ts, two at a time where there is a kernel.
import { exp, log } from './elementary.ts';
import { CONSTANTS, inPlace, kernelOf, place } from './kernel.ts';
import wasm from './kernels/arrays.wasm';

interface ArraysKernel {
  init(constants: number, spare: number): void;
  expEach(at: number, count: number): void;
  logEach(at: number, count: number): void;
  addRows(out: number, count: number, rows: number, places: number, weights: number): void;
}

/** Exponentials that the kernel works on at a time, as kernels/elementary.as.ts says. */
const CHUNK = 256;
/** Rows that the kernel adds in one go. */
const ROWS = 64;
let rowPlaces: Int32Array;
let rowWeights: Float64Array;

const arraysKernel = kernelOf<ArraysKernel>(wasm, ({ init }, zeros) => {
  init(place(zeros(CONSTANTS)), place(zeros(3 * CHUNK)));
  const places = zeros(ROWS / 2);
  rowPlaces = new Int32Array(places.buffer, places.byteOffset, ROWS);
  rowWeights = zeros(ROWS);
});

/** x[i] = e^x[i]. */
export function expEach(x: Float64Array): void {
  const kernel = arraysKernel();
  if (kernel === null) for (let i = 0; i < x.length; i++) x[i] = exp(x[i]!);
  else inPlace(x, 1, kernel.expEach);
}

/** x[i] = ln x[i]. */
export function logEach(x: Float64Array): void {
  const kernel = arraysKernel();
  if (kernel === null) for (let i = 0; i < x.length; i++) x[i] = log(x[i]!);
  else inPlace(x, 1, kernel.logEach);
}

/** An array that is added again and again, and where the kernels find it: 0 where they do not. */
export interface Row {
  readonly values: Float64Array;
  readonly place: number;
}

export const rowOf = (values: Float64Array): Row => ({ values, place: place(values) });

/**
 * out[i] += weights[k] * rows[k][from + i], row after row, for every i of `out`: the mixing of shocks. The kernel works where
 * all arrays are of `floats`. The rows must be long enough.
 */
export function addRows(out: Float64Array, rows: readonly Row[], from: number, weights: readonly number[]): void {
  const kernel = arraysKernel();
  const to = place(out);
  for (let first = 0; first < rows.length; first += ROWS) {
    const count = Math.min(ROWS, rows.length - first);
    let reachable = kernel !== null && to !== 0;
    for (let k = 0; reachable && k < count; k++) {
      const at = rows[first + k]!.place;
      reachable = at !== 0;
      rowPlaces[k] = at + 8 * from;
      rowWeights[k] = weights[first + k]!;
    }
    if (reachable) kernel!.addRows(to, out.length, count, rowPlaces.byteOffset, rowWeights.byteOffset);
    else for (let k = first; k < first + count; k++) addRow(out, rows[k]!.values, from, weights[k]!);
  }
}

function addRow(out: Float64Array, row: Float64Array, from: number, weight: number): void {
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + weight * row[from + i]!;
}
