import { access, constants, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ArgumentError } from "@convoy/core";

/** Throws unless `file` can be written, so that this is known before anything is measured. */
export async function checkJsonFile(file: string): Promise<void> {
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new ArgumentError(`--json ${file} is a folder; name a file`);
  }
  try {
    await access(existing ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new ArgumentError(`--json ${file} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** Writes a report. */
export async function writeJsonFile(file: string, report: object): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
