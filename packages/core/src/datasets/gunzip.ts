import { DatasetError } from "../errors.js";
import type { Bytes } from "./store.js";

/** Whether `bytes` begin as a gzip file does (RFC 1952, 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file.
 *
 * @param fileName what the error calls the file
 * @throws DatasetError when it is truncated or damaged
 */
export async function gunzip(bytes: Bytes, fileName: string): Promise<Bytes> {
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (error) {
    throw new DatasetError(
      `${fileName}: not a complete gzip file (${bytes.length} bytes): ${(error as Error).message}; delete it and load again`,
      { cause: error },
    );
  }
}
