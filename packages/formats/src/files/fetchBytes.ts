import { ModelFileError } from "@convoy/core";

/** The bytes at an address. Throws `ModelFileError` where they do not come. */
export async function fetchBytes(address: URL | string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
    if (response.ok) {
      return new Uint8Array(await response.arrayBuffer());
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(`${address} cannot be read: ${message}`, { cause: error });
  }
  throw new ModelFileError(`${address} cannot be read: HTTP ${response.status} ${response.statusText}`);
}
