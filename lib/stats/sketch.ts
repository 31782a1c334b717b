// Quantiles of a long stream of values in bounded memory: counts by the leading bits of each value.

/** Leading bits of the mantissa that tell buckets apart; a quantile is off by at most 2^-(MANTISSA + 1) of itself. */
const MANTISSA = 10;
const REST = 20 - MANTISSA;

const view = new DataView(new ArrayBuffer(8));

export interface Sketch {
  readonly count: number;
  /** From 0 to 1e300. */
  add(value: number): void;
  /** The value of rank ceil(p count), p in (0, 1], within 0.05 percent, exact at 0; null when there is none. */
  quantile(p: number): number | null;
}

/**
 * Positive doubles are ordered as their bits, so the top bits number buckets of equal relative width: 1024 for each factor of two,
 * without a logarithm (the layout of an HDR histogram). The order of adding changes nothing, larger values never give smaller quantiles.
 */
export function newSketch(): Sketch {
  const counts = new Map<number, number>();
  let count = 0;
  let sorted: number[] | null = null;
  return {
    get count() {
      return count;
    },
    add(value) {
      if (!(value >= 0 && value <= 1e300)) throw new RangeError(`a sketch cannot hold ${value}`);
      view.setFloat64(0, value + 0); // -0 + 0 is 0
      const bucket = view.getUint32(0) >>> REST;
      const before = counts.get(bucket);
      if (before === undefined) sorted = null;
      counts.set(bucket, (before ?? 0) + 1);
      count++;
    },
    quantile(p) {
      const rank = Math.max(1, Math.ceil(p * count));
      let seen = 0;
      sorted ??= [...counts.keys()].sort((a, b) => a - b);
      for (const bucket of sorted) {
        seen += counts.get(bucket)!;
        if (seen >= rank) return bucket === 0 ? 0 : 0.5 * (edge(bucket) + edge(bucket + 1));
      }
      return null;
    },
  };
}

/** The smallest value of a bucket. */
function edge(bucket: number): number {
  view.setUint32(0, bucket << REST);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}
