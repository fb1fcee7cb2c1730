import type { DecoderName } from "./decodeNode.js";
import type { Bytes } from "./pixels.js";
import type { ReadImageSettings } from "./readImage.js";

/** Where images are: a folder's path (in Node), or the files of a folder that the user of a page has chosen. */
export type ImageDirectory = string | URL | Iterable<File>;

/** An image file, by its path below the directory. */
export interface ImageFile {
  /** With "/" between folders. */
  readonly path: string;
  /** What errors and `filePaths` call it. */
  readonly name: string;
}

/** Reads images of a directory in the wanted shape. */
export interface ImageReader {
  readonly concurrency: number;
  read(file: ImageFile): Promise<Bytes>;
}

/** What reading images needs of the platform: `#image-files` is imageFilesNode.ts in Node and imageFilesWeb.ts elsewhere. */
export interface ImageFiles {
  /** What errors call the directory. */
  readonly location: string;
  /** Every file in it, folders within folders too; in any order. Paths that end in "/" are those of folders, where they are known. */
  list(): Promise<readonly ImageFile[]>;
  reader(
    settings: ReadImageSettings,
    options: { readonly workers: number | undefined; readonly decoder: DecoderName },
  ): ImageReader;
}
