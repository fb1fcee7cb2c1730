import { ModelFileError } from "@convoy/core";
import { checkedRelativePath } from "../files/relativePath.js";
import { isList, isObject, parseJson } from "../json.js";

/** The weight files that a model.json lists, of those in its folder or below. None where it is missing or damaged. */
export function listedFiles(json: Uint8Array | undefined): string[] {
  try {
    const value = json === undefined ? undefined : parseJson("model.json", new TextDecoder().decode(json));
    const groups = isObject(value) && isList(value.weightsManifest) ? value.weightsManifest : [];
    const paths = groups.flatMap((group) => (isObject(group) && isList(group.paths) ? group.paths : []));
    return paths.flatMap((path) => (typeof path === "string" ? within(path) : []));
  } catch (error) {
    if (error instanceof ModelFileError) {
      return [];
    }
    throw error;
  }
}

function within(path: string): string[] {
  try {
    return [checkedRelativePath("model.json", path)];
  } catch {
    return [];
  }
}
