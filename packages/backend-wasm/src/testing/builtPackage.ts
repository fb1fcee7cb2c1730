import type * as Package from "../index.js";

/** The package as it is published: Node 20 cannot start a worker from a TypeScript source, so tests run what was built. */
export async function builtPackage(): Promise<typeof Package> {
  return await import(new URL("../../dist/index.js", import.meta.url).href);
}
