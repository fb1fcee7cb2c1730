import { access, constants, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ArgumentError } from "@convoy/core";

/** Throws unless the file of an option, if there is one, can be written: that is known before anything is measured. */
export async function checkOutput(option: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    return;
  }
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new ArgumentError(`${option} ${file} is a folder; name a file`);
  }
  try {
    await access(existing ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new ArgumentError(`${option} ${file} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** Writes a file, if one is wanted. */
export async function writeOutput(file: string | undefined, text: string): Promise<void> {
  if (file !== undefined) {
    await writeFile(file, text);
  }
}
