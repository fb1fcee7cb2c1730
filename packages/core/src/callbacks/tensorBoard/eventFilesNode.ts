import { appendFile, mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Adds bytes to the end of a file in a folder; makes both where they are missing. */
export async function appendToFile(folder: string | URL, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder instanceof URL ? fileURLToPath(folder) : folder, name);
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, bytes);
}

/** Part of the names of event files. */
export const hostName = (): string => hostname();

/** Part of the names of event files. */
export const processNumber = (): number => process.pid;
