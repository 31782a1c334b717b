// Counts of bytes, four tables at a time.

@inline
function countOne(counts: usize, value: u32): void {
  const place = counts + ((value & 255) << 2);
  store<i32>(place, load<i32>(place) + 1);
}

/** How often each byte occurs, in a table of `size` bytes; three more begin at `second`: equal bytes in a row would wait for one another. */
export function countInto(counts: usize, second: usize, size: usize, from: usize, to: usize): void {
  const third = second + size;
  const fourth = third + size;
  memory.fill(counts, 0, size);
  memory.fill(second, 0, 3 * size);
  for (; from + 4 <= to; from += 4) {
    const four = load<u32>(from);
    countOne(counts, four);
    countOne(second, four >>> 8);
    countOne(third, four >>> 16);
    countOne(fourth, four >>> 24);
  }
  for (; from < to; from++) countOne(counts, load<u8>(from));
  for (let i: usize = 0; i < size; i += 16) {
    const near = i32x4.add(v128.load(counts + i), v128.load(second + i));
    const far = i32x4.add(v128.load(third + i), v128.load(fourth + i));
    v128.store(counts + i, i32x4.add(near, far));
  }
}
