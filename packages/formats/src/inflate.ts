import { ModelFileError } from "@convoy/core";
import { Inflate } from "fflate";

/** What compressed parts of a file may unpack to: so many bytes for each byte of the file, and some for small ones. */
export const expansion: { readonly perByte: number; readonly small: number } = { perByte: 16, small: 2 ** 20 };

/** How much is handed to the decompressor at a time: 1 KiB may become 1 MiB at the most. */
const step = 2 ** 10;

/**
 * Unpacks raw deflate data (RFC 1951) of which at most `limit` bytes may come out. Memory grows with what comes out, not with what
 * is announced. Throws `ModelFileError` for more, and for damaged data.
 */
export function inflateWithin(packed: Uint8Array, limit: number, what: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  const inflate = new Inflate((part, final) => {
    size += part.length;
    ended ||= final;
    if (size > limit) {
      throw new ModelFileError(
        `${what}: unpacks to more than ${limit} bytes, which is not what the file announces; it is damaged`,
      );
    }
    parts.push(part);
  });
  try {
    for (let start = 0; start < packed.length || start === 0; start += step) {
      inflate.push(packed.subarray(start, start + step), start + step >= packed.length);
    }
  } catch (error) {
    if (error instanceof ModelFileError) {
      throw error;
    }
    throw new ModelFileError(`${what}: its compressed data are damaged`, { cause: error });
  }
  if (!ended) {
    throw new ModelFileError(`${what}: its compressed data end too early; the file is truncated`);
  }
  const result = new Uint8Array(size);
  let position = 0;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}
