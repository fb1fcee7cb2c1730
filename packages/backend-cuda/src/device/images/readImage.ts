import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { BackendUnavailableError } from "@convoy/core/backend";
import type { ImageChoice } from "./chooseImage.js";

/** Folder of this package, which holds `prebuilt` and `cubins`. */
export const packageFolder: string = fileURLToPath(new URL("../../../", import.meta.url));

/** What helps where an image is missing or damaged. */
export const imageRemedy =
  "Reinstall @convoy/backend-cuda, or in a clone run `npm run build:kernels -w packages/backend-cuda`";

const manifestName = "prebuilt/manifest.json";

/** Path of an image inside the package. */
export function imageName(choice: ImageChoice): string {
  return choice.kind === "ptx" ? "prebuilt/convoy.ptx.br" : `cubins/convoy.sm_${choice.architecture}.cubin.br`;
}

/**
 * The image's bytes, a zero behind them (the driver takes assembly as a C string); undefined where there is no such file.
 * Throws `BackendUnavailableError` for one that is not what the manifest says: kernels of another build would take their
 * arguments for something else.
 */
export function readImage(choice: ImageChoice, folder: string): Uint8Array | undefined {
  const path = join(folder, imageName(choice));
  const packed = readIfThere(path);
  if (packed === undefined) {
    return undefined;
  }
  let image: Buffer;
  try {
    image = brotliDecompressSync(packed);
  } catch (cause) {
    throw new BackendUnavailableError(
      `cuda: the kernel image ${path} is damaged, its ${packed.length} bytes cannot be decompressed ` +
        `(${(cause as Error).message}). ${imageRemedy}`,
      { cause },
    );
  }
  const expected = expectedHash(choice, folder);
  const actual = createHash("sha256").update(image).digest("hex");
  if (actual !== expected) {
    throw new BackendUnavailableError(
      `cuda: the kernel image ${path} is damaged or of another build: its SHA-256 is ${actual}, ${manifestName} has ` +
        `${expected ?? "none for it"}. ${imageRemedy}`,
    );
  }
  return Buffer.concat([image, Buffer.alloc(1)]);
}

/** SHA-256 of an image, decompressed, as recorded when the images were made. */
function expectedHash(choice: ImageChoice, folder: string): string | undefined {
  const path = join(folder, manifestName);
  const text = readIfThere(path);
  if (text === undefined) {
    throw new BackendUnavailableError(
      `cuda: ${path} does not exist, so the kernel images cannot be checked. ${imageRemedy}`,
    );
  }
  try {
    const { images } = JSON.parse(text.toString("utf8")) as { readonly images: Readonly<Record<string, string>> };
    return images[imageName(choice)];
  } catch (cause) {
    throw new BackendUnavailableError(`cuda: ${path} is damaged (${(cause as Error).message}). ${imageRemedy}`, {
      cause,
    });
  }
}

/** A file's bytes; undefined where there is none. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw new BackendUnavailableError(
      `cuda: ${path} cannot be read (${(cause as Error).message}). Correct its permissions, or reinstall @convoy/backend-cuda`,
      { cause },
    );
  }
}
