// Elementary functions of whole arrays: the values of lib/math/elementary.ts, two at a time where there is a kernel.
import { exp, log } from './elementary.ts';
import { CONSTANTS, floats, inPlace, kernelOf, place, release } from './kernel.ts';
import wasm from './kernels/arrays.wasm';

interface ArraysKernel {
  init(constants: number, spare: number): void;
  expEach(at: number, count: number): void;
  logEach(at: number, count: number): void;
  addRows(
    out: number,
    count: number,
    rows: number,
    places: number,
    weights: number,
    from: number,
    toZeros: 0 | 1,
  ): void;
}

/** Exponentials that the kernel works on at a time, as kernels/elementary.as.ts says. */
const CHUNK = 256;
/** The most rows of one call of the kernel. */
const MOST_ROWS = 64;
let rowWeights: Float64Array;

const arraysKernel = kernelOf<ArraysKernel>(wasm, ({ init }, zeros) => {
  init(place(zeros(CONSTANTS)), place(zeros(3 * CHUNK)));
  rowWeights = zeros(MOST_ROWS);
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

/** Arrays that are added again and again, by number, and where the kernels find them: 0 where they do not. */
export class Rows {
  readonly values: (Float64Array | undefined)[] = [];
  #places: Int32Array = new Int32Array(0);
  #lent = floats(0);

  put(number: number, values: Float64Array): void {
    if (number >= this.#places.length) {
      const lent = floats(Math.max(32, number + 1));
      const places = new Int32Array(lent.buffer, lent.byteOffset, 2 * lent.length);
      places.set(this.#places);
      release(this.#lent);
      this.#lent = lent;
      this.#places = places;
    }
    // Without gaps, which would make it a slower kind of array.
    while (this.values.length < number) this.values.push(undefined);
    this.values[number] = values;
    this.#places[number] = place(values);
  }

  /**
   * out[i] += weights[k] * rows[first + k][from + i], row after row, for k from `begin` to `end` - 1 and i < length: the mixing of shocks.
   * The kernel works where all arrays are of `floats`. The rows must be there and long enough. `toZeros`: whatever is in `out`.
   */
  add(
    out: Float64Array,
    length: number,
    first: number,
    weights: readonly number[],
    begin: number,
    end: number,
    from: number,
    toZeros = false,
  ): void {
    const places = this.#places;
    const kernel = place(places) === 0 ? null : arraysKernel();
    const to = place(out);
    for (let done = begin; done < end; done += MOST_ROWS) {
      const count = Math.min(MOST_ROWS, end - done);
      let reachable = kernel !== null && to !== 0;
      for (let k = 0; reachable && k < count; k++) {
        rowWeights[k] = weights[done + k]!;
        reachable = places[first + done + k] !== 0;
      }
      const fresh = toZeros && done === begin;
      const at = places.byteOffset + 4 * (first + done);
      if (reachable) kernel!.addRows(to, length, count, at, rowWeights.byteOffset, 8 * from, fresh ? 1 : 0);
      else if (fresh) out.fill(0, 0, length);
      if (!reachable)
        for (let k = done; k < done + count; k++) addRow(out, length, this.values[first + k]!, from, weights[k]!);
    }
  }

  close(): void {
    release(this.#lent);
  }
}

function addRow(out: Float64Array, length: number, row: Float64Array, from: number, weight: number): void {
  for (let i = 0; i < length; i++) out[i] = out[i]! + weight * row[from + i]!;
}
