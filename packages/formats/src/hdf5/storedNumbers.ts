import { Block } from "./block.js";

/** Shape of a dataset or attribute. */
export function dataspace(shape: readonly number[]): Uint8Array {
  const block = new Block().u8(1, shape.length, 0, 0).u32(0);
  for (const size of shape) {
    block.u64(size);
  }
  return block.done();
}

/** IEEE 754 single precision, little-endian. */
export function float32Type(): Uint8Array {
  return new Block().u8(0x11, 0x20, 0x1f, 0).u32(4).u8(0, 0, 0x20, 0, 0x17, 8, 0, 0x17, 0x7f, 0, 0, 0).done();
}

/** Signed integers of 64 bits, little-endian. */
export function int64Type(): Uint8Array {
  return new Block().u8(0x10, 0x08, 0, 0).u32(8).u16(0).u16(64).done();
}

/** Counts as integers of 64 bits. */
export function integers(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(8 * data.length);
  const view = new DataView(bytes.buffer);
  data.forEach((value, index) => {
    view.setBigInt64(8 * index, BigInt(value), true);
  });
  return bytes;
}

/** Numbers of 32 bits, little-endian. */
export function littleEndian(data: Float32Array): Uint8Array {
  const own = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) {
    return own;
  }
  const swapped = new Uint8Array(own.length);
  const view = new DataView(swapped.buffer);
  data.forEach((value, index) => {
    view.setFloat32(4 * index, value, true);
  });
  return swapped;
}
