// Elementary functions of whole arrays: the values of lib/math/elementary.ts, two at a time where there is a kernel.
import { exp, log } from './elementary.ts';
import { CONSTANTS, floats, inPlace, kernelOf, place } from './kernel.ts';
import wasm from './kernels/arrays.wasm';

interface ArraysKernel {
  init(constants: number, spare: number): void;
  expEach(at: number, count: number): void;
  logEach(at: number, count: number): void;
  addRows(out: number, count: number, rows: number, places: number, weights: number, from: number): void;
}

/** Exponentials that the kernel works on at a time, as kernels/elementary.as.ts says. */
const CHUNK = 256;
const arraysKernel = kernelOf<ArraysKernel>(wasm, ({ init }, zeros) => {
  init(place(zeros(CONSTANTS)), place(zeros(3 * CHUNK)));
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

/** Rows that are added in one go, each times its weight. */
export interface Rows {
  readonly rows: Row[];
  readonly weights: Float64Array;
  /** Where they lie, for the kernel; 0 elsewhere. */
  readonly places: Int32Array;
}

/** The most rows of one go. */
export const MOST_ROWS = 64;

export function roomForRows(): Rows {
  const { buffer, byteOffset } = floats(MOST_ROWS / 2);
  return { rows: [], weights: floats(MOST_ROWS), places: new Int32Array(buffer, byteOffset, MOST_ROWS) };
}

/** Makes a row the k-th one. */
export function putRow({ rows, weights, places }: Rows, k: number, row: Row, weight: number): void {
  rows[k] = row;
  weights[k] = weight;
  places[k] = row.place;
}

/**
 * out[i] += weights[k] * rows[k][from + i], row after row, for k < count and i < length: the mixing of shocks. The kernel works where
 * all arrays are of `floats`. The rows must be long enough.
 */
export function addRows(out: Float64Array, length: number, all: Rows, count: number, from: number): void {
  const { rows, weights, places } = all;
  const kernel = arraysKernel();
  const to = place(out);
  let reachable = kernel !== null && to !== 0 && place(places) !== 0;
  for (let k = 0; k < count; k++) reachable &&= places[k] !== 0;
  if (reachable) kernel!.addRows(to, length, count, places.byteOffset, weights.byteOffset, 8 * from);
  else for (let k = 0; k < count; k++) addRow(out, length, rows[k]!.values, from, weights[k]!);
}

function addRow(out: Float64Array, length: number, row: Float64Array, from: number, weight: number): void {
  for (let i = 0; i < length; i++) out[i] = out[i]! + weight * row[from + i]!;
}
