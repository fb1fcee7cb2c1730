import { ModelFileError } from "@convoy/core";
import { isObject, type JsonObject, parseJson } from "./json.js";

/** Longest header of a safetensors file that readers take, in bytes. */
const maxHeader = 100_000_000;

/**
 * The `__metadata__` of Convoy's own file, such as topology; undefined for another file. A header that is damaged or cut off has
 * none to be parsed: the file counts as Convoy's where the beginning says so, for core's reader to tell what is wrong with it.
 */
export function convoyMetadata(bytes: Uint8Array): JsonObject | undefined {
  if (bytes.length < 10) {
    return undefined;
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length <= BigInt(Math.min(maxHeader, bytes.length - 8))) {
    try {
      const header = parseJson("header", new TextDecoder().decode(bytes.subarray(8, 8 + Number(length))));
      const metadata = isObject(header) ? header.__metadata__ : undefined;
      return isObject(metadata) && metadata.format === "convoy" ? metadata : undefined;
    } catch (error) {
      if (!(error instanceof ModelFileError)) {
        throw error;
      }
    }
  }
  const start = new TextDecoder().decode(bytes.subarray(8, 65_536));
  return /^\{.*"format"\s*:\s*"convoy"/s.test(start) ? { format: "convoy" } : undefined;
}
