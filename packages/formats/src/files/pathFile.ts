/** A file behind a path, and how to read those beside it. */
export interface PathFile {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** The bytes of a file by its path relative to the first one's folder, which is not checked; of an address at most `limit`. */
  sibling(relative: string, limit?: number): Promise<Uint8Array>;
}
