import { ArgumentError } from "../../errors.js";

/** There are no folders to write to. */
export async function appendToFile(folder: string | URL, name: string): Promise<void> {
  throw new ArgumentError(
    `tensorBoard: ${folder}/${name} cannot be written, a page has no files; pass a logDir of your own, ` +
      "{ append(name, bytes) }, which sends the bytes to where TensorBoard runs",
  );
}

/** Part of the names of event files. */
export const hostName = (): string => globalThis.location?.hostname || "page";

/** Pages have no such number: a random one keeps their files apart. */
export const processNumber = (): number => Math.floor(Math.random() * 2 ** 31);
