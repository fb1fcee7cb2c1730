/** Bytes in memory of their own: `Uint8Array<ArrayBuffer>`, which compilers before TypeScript 5.7 have no name for. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** Decoded pixels in rows from the top: red, green, blue of each, 0 to 255, and its opacity where there are 4 numbers. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** width * height * channels bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
}
