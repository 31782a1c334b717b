// Elementary functions of whole arrays: the values of lib/math/elementary.ts, two at a time where there is a kernel.
import { exp, log } from './elementary.ts';
import { inPlace, kernelOf } from './kernel.ts';
import wasm from './kernels/arrays.wasm';

interface ArraysKernel {
  expEach(at: number, count: number): void;
  logEach(at: number, count: number): void;
}

const arraysKernel = kernelOf<ArraysKernel>(wasm, () => {});

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
