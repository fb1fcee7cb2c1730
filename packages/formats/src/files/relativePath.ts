import { ModelFileError } from "@convoy/core";

/** A path to a file beside another one. Throws `ModelFileError` where it leads out of its folder or to another address. */
export function checkedRelativePath(from: string, path: string): string {
  const parts = path.replace(/^\.\//, "").split("/");
  const harmless =
    path !== "" && !/[\\:\0?#]/.test(path) && parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (!harmless) {
    throw new ModelFileError(
      `${from} refers to the file ${JSON.stringify(path)}; only files in the same folder or below are read, by relative paths`,
    );
  }
  return parts.join("/");
}

/** The file beside another one; what follows "?", such as a token, goes along. */
export function siblingAddress(address: URL, path: string): URL {
  const sibling = new URL(path.split("/").map(encodeURIComponent).join("/"), address);
  sibling.search = address.search;
  return sibling;
}
