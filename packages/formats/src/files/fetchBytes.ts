import { ModelFileError } from "@convoy/core";

/** Most bytes that are taken from an address where nothing says how many there should be: 4 GiB. */
export const maxFetched: number = 2 ** 32;

/** Memory that is taken at once on a server's word alone. */
const maxTrusted = 2 ** 26;

/**
 * The bytes at an address. Throws `ModelFileError` where they do not come, and once there are more than `limit`: no more than that
 * is kept in memory, whatever the server sends.
 */
export async function fetchBytes(address: URL | string, limit: number = maxFetched): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
    if (response.ok) {
      const bytes = await bodyOf(response, limit);
      if (bytes !== undefined) {
        return bytes;
      }
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(`${address} cannot be read: ${message}`, { cause: error });
  }
  if (response.ok) {
    const why =
      limit === maxFetched
        ? "are taken from an address; fetch it yourself and pass the bytes"
        : "the weights that the model's index lists take; it is another file, or one of another model";
    throw new ModelFileError(`${address} cannot be read: it has more than the ${limit} bytes that ${why}`);
  }
  throw new ModelFileError(`${address} cannot be read: HTTP ${response.status} ${response.statusText}`);
}

/** The body of a response; undefined once it is longer than `limit`. */
async function bodyOf({ body, headers }: Response, limit: number): Promise<Uint8Array | undefined> {
  if (body === null) {
    return new Uint8Array();
  }
  // Of a compressed body that is the compressed length: a first guess, not a promise.
  const declared = Number(headers.get("content-length") ?? 0);
  let bytes = new Uint8Array(Math.min(limit, maxTrusted, declared > 0 ? declared : 2 ** 16));
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return length === bytes.length ? bytes : bytes.slice(0, length);
    }
    const needed = length + value.length;
    if (needed > limit) {
      await reader.cancel().catch(() => {});
      return undefined;
    }
    if (needed > bytes.length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(needed, 2 * bytes.length)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(value, length);
    length = needed;
  }
}
