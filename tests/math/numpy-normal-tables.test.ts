import { expect, test } from 'vitest';
import { exp } from '../../lib/math/elementary.ts';
import { FAST, HEIGHT, WIDTH } from '../../lib/math/numpy-normal-tables.ts';

const TWO_52 = 2 ** 52;
const edge = (layer: number) => WIDTH[layer]! * TWO_52;
const layers = Array.from({ length: 255 }, (_, i) => i + 1);

test('the height of a layer is the density at its right edge', () => {
  expect(HEIGHT[0]).toBe(1);
  for (const i of layers) expect(Math.abs(HEIGHT[i]! / exp(-0.5 * edge(i) * edge(i)) - 1)).toBeLessThan(4e-16);
});

test('every layer has the area of the bottom one with its tail, 0.00492867323397466', () => {
  const bottom = edge(0) * HEIGHT[255]!;
  expect(Math.abs(bottom - 0.00492867323397466)).toBeLessThan(1e-17);
  // Layer i lies between the heights of its own edge and of the next edge inwards; a difference of near heights loses digits.
  for (const i of layers) expect(Math.abs((edge(i) * (HEIGHT[i - 1]! - HEIGHT[i]!)) / bottom - 1)).toBeLessThan(1e-11);
});

test('the fast range of a layer ends where the layer above it does', () => {
  expect(FAST[1]).toBe(0);
  for (const i of layers.slice(1)) {
    expect(Math.abs(FAST[i]! - TWO_52 * (WIDTH[i - 1]! / WIDTH[i]!))).toBeLessThanOrEqual(2);
  }
  expect(Math.abs(FAST[0]! - TWO_52 * (edge(255) / edge(0)))).toBeLessThanOrEqual(2);
});
