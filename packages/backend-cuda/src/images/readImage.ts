import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import type { ImageChoice } from "./chooseImage.js";

/** Where an image lies in the package. */
export function imagePath(choice: ImageChoice): string {
  const file = choice.kind === "ptx" ? "prebuilt/convoy.ptx.br" : `cubins/convoy.sm_${choice.architecture}.cubin.br`;
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}

/** The image's bytes, a zero behind them (the driver takes assembly as a C string); undefined where there is no such file. */
export function readImage(choice: ImageChoice): Uint8Array | undefined {
  let packed: Buffer;
  try {
    packed = readFileSync(imagePath(choice));
  } catch {
    return undefined;
  }
  return Buffer.concat([brotliDecompressSync(packed), Buffer.alloc(1)]);
}
