// Words of consecutive draws of a stream: Threefry-2x32, 20 rounds, eight counters at a time; twin of lib/math/stream.ts.

@inline
function turn(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}

@inline
function turn16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

@inline
function turn24(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}

/** Two chains of four counters each run side by side, because one alone waits for its own results. Words go to `first` and `second`. */
@inline
export function eight(
  k0: v128, k1: v128, k2: v128, a0: v128, b0: v128, a1: v128, b1: v128, first: usize, second: usize,
): void {
  a0 = i32x4.add(a0, k0); a1 = i32x4.add(a1, k0);
  b0 = i32x4.add(b0, k1); b1 = i32x4.add(b1, k1);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 13), a0); b1 = v128.xor(turn(b1, 13), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 15), a0); b1 = v128.xor(turn(b1, 15), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 26), a0); b1 = v128.xor(turn(b1, 26), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 6), a0); b1 = v128.xor(turn(b1, 6), a1);
  a0 = i32x4.add(a0, k1); a1 = i32x4.add(a1, k1);
  let key = i32x4.add(k2, i32x4.splat(1));
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 17), a0); b1 = v128.xor(turn(b1, 17), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 29), a0); b1 = v128.xor(turn(b1, 29), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn16(b0), a0); b1 = v128.xor(turn16(b1), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn24(b0), a0); b1 = v128.xor(turn24(b1), a1);
  a0 = i32x4.add(a0, k2); a1 = i32x4.add(a1, k2);
  key = i32x4.add(k0, i32x4.splat(2));
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 13), a0); b1 = v128.xor(turn(b1, 13), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 15), a0); b1 = v128.xor(turn(b1, 15), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 26), a0); b1 = v128.xor(turn(b1, 26), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 6), a0); b1 = v128.xor(turn(b1, 6), a1);
  a0 = i32x4.add(a0, k0); a1 = i32x4.add(a1, k0);
  key = i32x4.add(k1, i32x4.splat(3));
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 17), a0); b1 = v128.xor(turn(b1, 17), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 29), a0); b1 = v128.xor(turn(b1, 29), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn16(b0), a0); b1 = v128.xor(turn16(b1), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn24(b0), a0); b1 = v128.xor(turn24(b1), a1);
  a0 = i32x4.add(a0, k1); a1 = i32x4.add(a1, k1);
  key = i32x4.add(k2, i32x4.splat(4));
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 13), a0); b1 = v128.xor(turn(b1, 13), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 15), a0); b1 = v128.xor(turn(b1, 15), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 26), a0); b1 = v128.xor(turn(b1, 26), a1);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1);
  b0 = v128.xor(turn(b0, 6), a0); b1 = v128.xor(turn(b1, 6), a1);
  a0 = i32x4.add(a0, k2); a1 = i32x4.add(a1, k2);
  key = i32x4.add(k0, i32x4.splat(5));
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key);

  v128.store(first, a0); v128.store(first, a1, 16);
  v128.store(second, b0); v128.store(second, b1, 16);
}

/** One block; the words as high and low half of an integer. */
export function threefry(k0: u32, k1: u32, a: u32, b: u32): u64 {
  const k2: u32 = 0x1bd11bda ^ k0 ^ k1;
  a += k0; b += k1;
  a += b; b = rotl<u32>(b, 13) ^ a; a += b; b = rotl<u32>(b, 15) ^ a;
  a += b; b = rotl<u32>(b, 26) ^ a; a += b; b = rotl<u32>(b, 6) ^ a;
  a += k1; b += k2 + 1;
  a += b; b = rotl<u32>(b, 17) ^ a; a += b; b = rotl<u32>(b, 29) ^ a;
  a += b; b = rotl<u32>(b, 16) ^ a; a += b; b = rotl<u32>(b, 24) ^ a;
  a += k2; b += k0 + 2;
  a += b; b = rotl<u32>(b, 13) ^ a; a += b; b = rotl<u32>(b, 15) ^ a;
  a += b; b = rotl<u32>(b, 26) ^ a; a += b; b = rotl<u32>(b, 6) ^ a;
  a += k0; b += k1 + 3;
  a += b; b = rotl<u32>(b, 17) ^ a; a += b; b = rotl<u32>(b, 29) ^ a;
  a += b; b = rotl<u32>(b, 16) ^ a; a += b; b = rotl<u32>(b, 24) ^ a;
  a += k1; b += k2 + 4;
  a += b; b = rotl<u32>(b, 13) ^ a; a += b; b = rotl<u32>(b, 15) ^ a;
  a += b; b = rotl<u32>(b, 26) ^ a; a += b; b = rotl<u32>(b, 6) ^ a;
  a += k2; b += k0 + 5;
  return ((a as u64) << 32) | (b as u64);
}
