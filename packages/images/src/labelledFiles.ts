import { ArgumentError, DatasetError, listNames } from "@convoy/core";
import type { ImageFile } from "./imageFiles.js";

/** Images with their classes. */
export interface LabelledFiles {
  readonly files: readonly ImageFile[];
  /** Class of each file; absent without labels. */
  readonly labels?: readonly number[];
  readonly classNames: readonly string[];
}

/** Where labels come from: folders' names, a list of class numbers in the order of the sorted paths, or nowhere. */
export type LabelSource = "inferred" | readonly number[] | null;

const extensions = /\.(png|jpe?g|webp)$/i;

/**
 * Sorts the files of a directory and finds their classes. Throws `DatasetError` where there are no images, a folder has none,
 * or a class has fewer than two.
 */
export function labelFiles(
  all: readonly ImageFile[],
  location: string,
  labels: LabelSource,
  classNames: readonly string[] | undefined,
): LabelledFiles {
  // Hidden files and folders are not data.
  const images = all
    .filter(({ path }) => extensions.test(path) && !path.split("/").some((part) => part.startsWith(".")))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  if (images.length === 0) {
    const files = all.filter(({ path }) => !path.endsWith("/")).length;
    throw new DatasetError(`${location}: has no images (.png, .jpg, .jpeg, .webp) among its ${files} files`);
  }
  if (labels === null) {
    return { files: images, classNames: [] };
  }
  if (labels !== "inferred") {
    return givenLabels(images, location, labels, classNames);
  }
  const folders = new Map<string, ImageFile[]>();
  for (const image of images) {
    const slash = image.path.indexOf("/");
    if (slash >= 0) {
      const name = image.path.slice(0, slash);
      const folder = folders.get(name);
      if (folder === undefined) {
        folders.set(name, [image]);
      } else {
        folder.push(image);
      }
    }
  }
  if (folders.size === 0) {
    throw new DatasetError(
      `${location}: its ${images.length} images, such as ${images[0]!.name}, are in no folder of a class; move them into folders, ` +
        "or pass labels: a list of class numbers, or null for none",
    );
  }
  if (classNames === undefined) {
    expectNoOthers(all, location, folders);
  }
  const names = classNames ?? [...folders.keys()].sort();
  const missing = names.find((name) => !folders.has(name));
  if (missing !== undefined) {
    throw new DatasetError(`${location}: has no folder "${missing}" with images; it has ${listNames(folders.keys())}`);
  }
  for (const name of names) {
    const [only, ...others] = folders.get(name)!;
    if (others.length === 0) {
      throw new DatasetError(
        `${only!.name}: the only image of class "${name}"; a class needs at least two. Add images, or leave the class out by classNames`,
      );
    }
  }
  const files = names.flatMap((name) => folders.get(name)!);
  return { files, labels: names.flatMap((name, label) => folders.get(name)!.map(() => label)), classNames: names };
}

/** A class without images would give its number to the next one, other than in a folder where it has some. */
function expectNoOthers(
  all: readonly ImageFile[],
  location: string,
  folders: ReadonlyMap<string, readonly ImageFile[]>,
): void {
  for (const { path } of all) {
    const slash = path.indexOf("/");
    const name = path.slice(0, Math.max(slash, 0));
    if (name !== "" && !name.startsWith(".") && !folders.has(name)) {
      throw new DatasetError(
        `${location}: its folder "${name}" has no images (.png, .jpg, .jpeg, .webp); delete it if it is no class, or pass classNames: ` +
          `${JSON.stringify([...folders.keys()].sort())}`,
      );
    }
  }
}

function givenLabels(
  files: readonly ImageFile[],
  location: string,
  labels: readonly number[],
  classNames: readonly string[] | undefined,
): LabelledFiles {
  if (!Array.isArray(labels) && !ArrayBuffer.isView(labels)) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: labels is ${JSON.stringify(labels)}, expected "inferred", a list of class numbers, or null for none`,
    );
  }
  if (labels.length !== files.length) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: there are ${labels.length} labels for the ${files.length} images of ${location}; ` +
        "pass one for each, in the order of their paths",
    );
  }
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (wrong >= 0) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: label ${wrong} (${files[wrong]!.name}) is ${labels[wrong]}, expected class numbers from 0 up`,
    );
  }
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  if (classNames !== undefined && classNames.length < classes) {
    throw new ArgumentError(
      `imageDatasetFromDirectory: there are ${classNames.length} classNames, but labels up to ${classes - 1}`,
    );
  }
  return { files, labels, classNames: classNames ?? Array.from({ length: classes }, (_, label) => String(label)) };
}
