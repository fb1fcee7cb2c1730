import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { BackendUnavailableError } from "@convoy/core/backend";
import type { ChoiceStore } from "./store.js";

/** A file's content: for each device the variants by key. */
type Content = Record<string, Record<string, string>>;

/** A JSON file. Every method rejects with `BackendUnavailableError`, naming the file, where it cannot do its work. */
export function openStore(file: string): ChoiceStore {
  return {
    read: async (deviceName) => (await readContent(file))[deviceName] ?? {},
    async write(deviceName, variants) {
      const content = await readContent(file);
      content[deviceName] = { ...content[deviceName], ...variants };
      // Another process must never see half a file.
      const fresh = `${file}.${randomUUID()}`;
      try {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(fresh, `${JSON.stringify(content, undefined, 2)}\n`);
        await rename(fresh, file);
      } catch (cause) {
        await rm(fresh, { force: true }).catch(() => undefined);
        throw unusable(
          file,
          `cannot be written: ${(cause as Error).message}. Name another in autotune: { cache }`,
          cause,
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
    throw unusable(file, `cannot be read: ${(cause as Error).message}. Name another in autotune: { cache }`, cause);
  }
  try {
    const content = JSON.parse(text) as unknown;
    if (isContent(content)) {
      return content;
    }
  } catch (cause) {
    throw unusable(file, `is not JSON: ${(cause as Error).message}. Delete it, it will be made again`, cause);
  }
  throw unusable(file, "holds no choices of kernels by device. Delete it, it will be made again");
}

function isContent(content: unknown): content is Content {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const isVariant = (value: unknown): value is string => typeof value === "string";
  return (
    isRecord(content) &&
    Object.values(content).every((variants) => isRecord(variants) && Object.values(variants).every(isVariant))
  );
}

function unusable(file: string, why: string, cause?: unknown): BackendUnavailableError {
  return new BackendUnavailableError(`webgpu: the tuning cache ${file} ${why}`, { cause });
}
