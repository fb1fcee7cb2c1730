import { ModelFileError } from "../errors.js";

/** The bytes at an address. Throws `ModelFileError` where they do not come. */
export async function fetchBytes(address: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
    if (response.ok) {
      return new Uint8Array(await response.arrayBuffer());
    }
  } catch (error) {
    throw new ModelFileError(`${address} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new ModelFileError(`${address} cannot be read: HTTP ${response.status} ${response.statusText}`);
}
