// Words of consecutive draws of a stream: Threefry-2x32, 20 rounds, eight counters at a time; twin of lib/math/stream.ts.

@inline
function turn(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}

@inline
function turn16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

/** Lays in 128 bytes what the rounds add, four times each: as operands in the memory they cost less than made anew for each eight counters. */
export function layKeys(at: usize, k0: i32, k1: i32): void {
  const k2 = 0x1bd11bda ^ k0 ^ k1;
  v128.store(at, i32x4.splat(k0));
  v128.store(at, i32x4.splat(k1), 16);
  v128.store(at, i32x4.splat(k2), 32);
  v128.store(at, i32x4.splat(k2 + 1), 48);
  v128.store(at, i32x4.splat(k0 + 2), 64);
  v128.store(at, i32x4.splat(k1 + 3), 80);
  v128.store(at, i32x4.splat(k2 + 4), 96);
  v128.store(at, i32x4.splat(k0 + 5), 112);
}

/**
 * Words of sixteen counters to `first` and `second`: four chains of four side by side, because one alone waits for its own results.
 * Their halves are a0, b0 to a3, b3, without keys.
 */
@inline
export function sixteen(
  keys: usize, a0: v128, b0: v128, a1: v128, b1: v128, a2: v128, b2: v128, a3: v128, b3: v128, first: usize, second: usize,
): void {
  let key = v128.load(keys);
  a0 = i32x4.add(a0, key); a1 = i32x4.add(a1, key); a2 = i32x4.add(a2, key); a3 = i32x4.add(a3, key);
  key = v128.load(keys, 16);
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key); b2 = i32x4.add(b2, key); b3 = i32x4.add(b3, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 13), a0); b1 = v128.xor(turn(b1, 13), a1);
  b2 = v128.xor(turn(b2, 13), a2); b3 = v128.xor(turn(b3, 13), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 15), a0); b1 = v128.xor(turn(b1, 15), a1);
  b2 = v128.xor(turn(b2, 15), a2); b3 = v128.xor(turn(b3, 15), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 26), a0); b1 = v128.xor(turn(b1, 26), a1);
  b2 = v128.xor(turn(b2, 26), a2); b3 = v128.xor(turn(b3, 26), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 6), a0); b1 = v128.xor(turn(b1, 6), a1);
  b2 = v128.xor(turn(b2, 6), a2); b3 = v128.xor(turn(b3, 6), a3);
  key = v128.load(keys, 16);
  a0 = i32x4.add(a0, key); a1 = i32x4.add(a1, key); a2 = i32x4.add(a2, key); a3 = i32x4.add(a3, key);
  key = v128.load(keys, 48);
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key); b2 = i32x4.add(b2, key); b3 = i32x4.add(b3, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 17), a0); b1 = v128.xor(turn(b1, 17), a1);
  b2 = v128.xor(turn(b2, 17), a2); b3 = v128.xor(turn(b3, 17), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 29), a0); b1 = v128.xor(turn(b1, 29), a1);
  b2 = v128.xor(turn(b2, 29), a2); b3 = v128.xor(turn(b3, 29), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn16(b0), a0); b1 = v128.xor(turn16(b1), a1);
  b2 = v128.xor(turn16(b2), a2); b3 = v128.xor(turn16(b3), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 24), a0); b1 = v128.xor(turn(b1, 24), a1);
  b2 = v128.xor(turn(b2, 24), a2); b3 = v128.xor(turn(b3, 24), a3);
  key = v128.load(keys, 32);
  a0 = i32x4.add(a0, key); a1 = i32x4.add(a1, key); a2 = i32x4.add(a2, key); a3 = i32x4.add(a3, key);
  key = v128.load(keys, 64);
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key); b2 = i32x4.add(b2, key); b3 = i32x4.add(b3, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 13), a0); b1 = v128.xor(turn(b1, 13), a1);
  b2 = v128.xor(turn(b2, 13), a2); b3 = v128.xor(turn(b3, 13), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 15), a0); b1 = v128.xor(turn(b1, 15), a1);
  b2 = v128.xor(turn(b2, 15), a2); b3 = v128.xor(turn(b3, 15), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 26), a0); b1 = v128.xor(turn(b1, 26), a1);
  b2 = v128.xor(turn(b2, 26), a2); b3 = v128.xor(turn(b3, 26), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 6), a0); b1 = v128.xor(turn(b1, 6), a1);
  b2 = v128.xor(turn(b2, 6), a2); b3 = v128.xor(turn(b3, 6), a3);
  key = v128.load(keys);
  a0 = i32x4.add(a0, key); a1 = i32x4.add(a1, key); a2 = i32x4.add(a2, key); a3 = i32x4.add(a3, key);
  key = v128.load(keys, 80);
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key); b2 = i32x4.add(b2, key); b3 = i32x4.add(b3, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 17), a0); b1 = v128.xor(turn(b1, 17), a1);
  b2 = v128.xor(turn(b2, 17), a2); b3 = v128.xor(turn(b3, 17), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 29), a0); b1 = v128.xor(turn(b1, 29), a1);
  b2 = v128.xor(turn(b2, 29), a2); b3 = v128.xor(turn(b3, 29), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn16(b0), a0); b1 = v128.xor(turn16(b1), a1);
  b2 = v128.xor(turn16(b2), a2); b3 = v128.xor(turn16(b3), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 24), a0); b1 = v128.xor(turn(b1, 24), a1);
  b2 = v128.xor(turn(b2, 24), a2); b3 = v128.xor(turn(b3, 24), a3);
  key = v128.load(keys, 16);
  a0 = i32x4.add(a0, key); a1 = i32x4.add(a1, key); a2 = i32x4.add(a2, key); a3 = i32x4.add(a3, key);
  key = v128.load(keys, 96);
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key); b2 = i32x4.add(b2, key); b3 = i32x4.add(b3, key);

  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 13), a0); b1 = v128.xor(turn(b1, 13), a1);
  b2 = v128.xor(turn(b2, 13), a2); b3 = v128.xor(turn(b3, 13), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 15), a0); b1 = v128.xor(turn(b1, 15), a1);
  b2 = v128.xor(turn(b2, 15), a2); b3 = v128.xor(turn(b3, 15), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 26), a0); b1 = v128.xor(turn(b1, 26), a1);
  b2 = v128.xor(turn(b2, 26), a2); b3 = v128.xor(turn(b3, 26), a3);
  a0 = i32x4.add(a0, b0); a1 = i32x4.add(a1, b1); a2 = i32x4.add(a2, b2); a3 = i32x4.add(a3, b3);
  b0 = v128.xor(turn(b0, 6), a0); b1 = v128.xor(turn(b1, 6), a1);
  b2 = v128.xor(turn(b2, 6), a2); b3 = v128.xor(turn(b3, 6), a3);
  key = v128.load(keys, 32);
  a0 = i32x4.add(a0, key); a1 = i32x4.add(a1, key); a2 = i32x4.add(a2, key); a3 = i32x4.add(a3, key);
  key = v128.load(keys, 112);
  b0 = i32x4.add(b0, key); b1 = i32x4.add(b1, key); b2 = i32x4.add(b2, key); b3 = i32x4.add(b3, key);

  v128.store(first, a0); v128.store(first, a1, 16); v128.store(first, a2, 32); v128.store(first, a3, 48);
  v128.store(second, b0); v128.store(second, b1, 16); v128.store(second, b2, 32); v128.store(second, b3, 48);
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
