import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { BackendUnavailableError } from "@convoy/core/backend";
import type { ChoiceStore } from "./store.js";

/** A file's content: for each device the ways by key. */
type Content = Record<string, Record<string, string>>;

/** A JSON file. Every method rejects with `BackendUnavailableError`, naming the file, where it cannot do its work. */
export function openStore(file: string): ChoiceStore {
  return {
    read: async (deviceName) => (await readContent(file))[deviceName] ?? {},
    async write(deviceName, ways) {
      const content = await readContent(file);
      content[deviceName] = { ...content[deviceName], ...ways };
      try {
        await mkdir(dirname(file), { recursive: true });
        // Another process must never see half a file.
        const fresh = `${file}.${randomUUID()}`;
        await writeFile(fresh, `${JSON.stringify(content, undefined, 2)}\n`);
        await rename(fresh, file);
      } catch (cause) {
        throw new BackendUnavailableError(
          `webgpu: cannot write the tuning cache ${file}: ${(cause as Error).message}. Name another file in ` +
            "autotune: { cache }, or use autotune: true to keep nothing",
          { cause },
        );
      }
    },
  };
}

async function readContent(file: string): Promise<Content> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      return {};
    }
    throw new BackendUnavailableError(`webgpu: cannot read the tuning cache ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return JSON.parse(text) as Content;
  } catch (cause) {
    throw new BackendUnavailableError(
      `webgpu: the tuning cache ${file} is not JSON: ${(cause as Error).message}. Delete it, it will be made again`,
      { cause },
    );
  }
}
