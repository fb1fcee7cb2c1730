/** Decoded pixels in rows from the top: red, green, blue and opacity of each, 0 to 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** width * height * 4 bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
}
