import { DatasetError } from "../errors.js";

/** How many bytes something may have, and why so many: "the size of the published train-labels-idx1-ubyte". */
export interface SizeLimit {
  readonly bytes: number;
  readonly reason: string;
  /** What helps; default: another file. */
  readonly remedy?: string;
}

/** Bytes that are limited to this where nothing else is said: more than most sets, less than most memories. */
export const defaultMaxBytes: number = 2 ** 30;

/** Throws `DatasetError` where a file has more bytes than it may, before it is read. */
export function expectFileSize(fileName: string, bytes: number, limit: SizeLimit): void {
  if (bytes > limit.bytes) {
    throw new DatasetError(
      `${fileName}: has ${bytes} bytes, more than ${limit.bytes} bytes, ${limit.reason}; ${remedyOf(limit)}`,
    );
  }
}

/** What helps against a size beyond the limit. */
export function remedyOf({ remedy = "replace the file" }: SizeLimit): string {
  return remedy;
}
