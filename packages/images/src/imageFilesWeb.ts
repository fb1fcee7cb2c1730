import { ArgumentError } from "@convoy/core";
import type { ImageDirectory, ImageFiles } from "./imageFiles.js";
import type { Bytes, Pixels } from "./pixels.js";
import { readImage } from "./readImage.js";

/** Images that are decoded at a time; the browser does it on threads of its own. */
const concurrency = 4;

/** Files of a folder that the user of a page has chosen: `<input type="file" webkitdirectory>`. */
export function openImageFiles(directory: ImageDirectory): ImageFiles {
  if (typeof directory === "string" || directory instanceof URL) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: there are no folders such as "${directory}" in a browser; pass the files of an ` +
        '<input type="file" webkitdirectory>',
    );
  }
  const files = new Map([...directory].map((file) => [file.webkitRelativePath || file.name, file]));
  return {
    location: "the chosen files",
    // The first part of every path is the folder that was chosen.
    list: async () => [...files.keys()].map((name) => ({ name, path: name.slice(name.indexOf("/") + 1) })),
    reader: (settings) => ({
      concurrency,
      read: async ({ name }) => {
        const bytes = new Uint8Array(await files.get(name)!.arrayBuffer());
        return readImage(bytes, name, settings, decode);
      },
    }),
  };
}

/** Pixels as they are in the file: not turned, not recoloured, not multiplied by their opacity. */
async function decode(bytes: Bytes): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    imageOrientation: "none",
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data };
}
