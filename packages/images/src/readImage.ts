import { DatasetError } from "@convoy/core";
import type { ImageFormat } from "./imageFormat.js";
import { readImageHeader } from "./imageFormat.js";
import type { Bytes, Pixels } from "./pixels.js";
import { type ImageShape, shapeImage } from "./resize.js";

/** Decodes one file whose format is known; rejects for one that is damaged. */
export type Decode = (bytes: Bytes, format: ImageFormat) => Promise<Pixels>;

/** What `readImage` needs beside the file. */
export interface ReadImageSettings extends ImageShape {
  readonly maxPixels: number;
}

/** The bytes of an image of the wanted shape. Throws `DatasetError` that names the file for whatever is wrong with it. */
export async function readImage(
  bytes: Bytes,
  fileName: string,
  settings: ReadImageSettings,
  decode: Decode,
): Promise<Bytes> {
  const { format, width, height } = readImageHeader(bytes, fileName, settings.maxPixels);
  if (format === "jpeg" && !hasEnd(bytes)) {
    throw new DatasetError(
      `${fileName}: a JPEG file without its end (ff d9) in ${bytes.length} bytes; truncated, copy it again or delete it`,
    );
  }
  let pixels: Pixels;
  try {
    pixels = await decode(bytes, format);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatasetError(
      `${fileName}: a damaged ${format} file of ${width} x ${height} pixels: ${reason}; delete it or replace it`,
      {
        cause: error,
      },
    );
  }
  if (pixels.data.length !== pixels.width * pixels.height * pixels.channels) {
    throw new DatasetError(
      `${fileName}: decoded to ${pixels.data.length} bytes for ${pixels.width} x ${pixels.height} pixels of ${pixels.channels}`,
    );
  }
  return shapeImage(pixels, settings);
}

/** Decoders fill what is missing of a JPEG file with grey. */
function hasEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at >= 2; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) {
      return true;
    }
  }
  return false;
}
