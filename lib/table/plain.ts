// PLAIN: values as bytes one after the other
// (specification: apache/parquet-format, Encodings.md).

/** The bytes of an array as they lie in memory, which is little-endian on every machine Node runs on. */
export function bytesOf(values: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** PLAIN of int64 and timestamp: two's complement of eight bytes. */
export function plainLongs(values: Float64Array): Uint8Array {
  const words = new Int32Array(2 * values.length);
  for (let row = 0; row < values.length; row++) {
    const high = Math.floor(values[row]! / 4294967296);
    words[2 * row] = values[row]! - high * 4294967296;
    words[2 * row + 1] = high;
  }
  return bytesOf(words);
}

/** PLAIN of texts: u32 length, then UTF-8. */
export function plainTexts(texts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const text of texts) size += 4 + text.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}

/** PLAIN of booleans: one bit each. */
export function plainFlags(flags: Uint8Array): Uint8Array {
  const bytes = new Uint8Array((flags.length + 7) >> 3);
  for (let row = 0; row < flags.length; row++) bytes[row >> 3]! |= flags[row]! << (row & 7);
  return bytes;
}
