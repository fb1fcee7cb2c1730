import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError } from "@convoy/core";
import { DecodePool, expectFolder } from "./decodePool.js";
import type { ImageDirectory, ImageFile, ImageFiles } from "./imageFiles.js";

/** More threads than this wait for each other's memory rather than help. */
const mostWorkers = 4;

/** A folder on a disk. */
export function openImageFiles(directory: ImageDirectory): ImageFiles {
  if (typeof directory !== "string" && !(directory instanceof URL)) {
    throw new ArgumentError("imageDatasetFromDirectory: pass the path of a folder; File objects are for pages");
  }
  const root = resolve(directory instanceof URL ? fileURLToPath(directory) : directory);
  return {
    location: root,
    async list() {
      await expectFolder(root);
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries.map((entry): ImageFile => {
        const name = join(entry.parentPath ?? entry.path, entry.name);
        return { path: relative(root, name).split(sep).join("/") + (entry.isDirectory() ? "/" : ""), name };
      });
    },
    reader(settings, { workers = Math.min(mostWorkers, availableParallelism()), decoder }) {
      const pool = new DecodePool({ settings, decoder }, workers);
      return { concurrency: pool.concurrency, read: ({ name }) => pool.read(name) };
    },
  };
}
