import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DatasetError } from "../errors.js";
import { FolderCache } from "./folderCache.js";
import { expectFileSize, type SizeLimit } from "./sizeLimit.js";
import { type Bytes, type DatasetStore, type DownloadProgress, openBlob } from "./store.js";

/** Folders, environment variables and terminal of a Node process. */
export const store: DatasetStore = {
  hasFolders: true,
  sendsIfRange: true,
  environment: (name) => process.env[name] || undefined,
  async findFile(folder, names, limit) {
    for (const name of names) {
      const path = name.startsWith("file:") ? fileURLToPath(name) : resolve(folder, name);
      const bytes = await readIfThere(path, limit);
      if (bytes !== undefined) {
        return { path, bytes };
      }
    }
    return undefined;
  },
  async openFile(source) {
    if (source instanceof Blob) {
      return openBlob(source);
    }
    const path = String(source).startsWith("file:") ? fileURLToPath(source) : resolve(String(source));
    const handle = await open(path).catch((error: Error) => {
      throw new DatasetError(`${path}: ${error.message}`, { cause: error });
    });
    return {
      name: path,
      size: (await handle.stat()).size,
      read: async (start, length) => {
        const bytes = new Uint8Array(length);
        for (let filled = 0; filled < length; ) {
          const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
          if (bytesRead === 0) {
            throw new DatasetError(`${path}: ends at byte ${start + filled}; it was longer when it was opened`);
          }
          filled += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  },
  openCache: (set, folder) => new FolderCache(resolve(folder ?? platformCacheFolder(), "datasets", set)),
  digest: async (algorithm, bytes) => createHash(algorithm).update(bytes).digest("hex"),
  print: (line) => {
    process.stderr.write(`${line}\n`);
  },
  async showProgress(title, totalBytes) {
    if (!process.stderr.isTTY) {
      process.stderr.write(`${title}\n`);
      return { update: () => undefined, stop: () => undefined };
    }
    return showBar(title, totalBytes);
  },
};

async function readIfThere(path: string, limit: SizeLimit): Promise<Bytes | undefined> {
  try {
    expectFileSize(path, (await stat(path)).size, limit);
    // A copy: small files are read into a pool that they share with others.
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
      return undefined;
    }
    throw error;
  }
}

/** XDG base directories on Linux and the BSDs, the system's own places on macOS and Windows. */
function platformCacheFolder(): string {
  const { CONVOY_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (CONVOY_CACHE_DIR) {
    return CONVOY_CACHE_DIR;
  }
  if (process.platform === "darwin") {
    return join(homedir(), "Library", "Caches", "convoy");
  }
  if (process.platform === "win32") {
    return join(LOCALAPPDATA || join(homedir(), "AppData", "Local"), "convoy", "Cache");
  }
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "convoy");
}

async function showBar(title: string, totalBytes: number): Promise<DownloadProgress> {
  // Loaded only now: most runs find their data in the cache.
  const { default: cliProgress } = await import("cli-progress");
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const bar = new cliProgress.SingleBar(
    {
      format: `${title} [{bar}] {percentage}% | {received}/${megabytes(totalBytes)} MB | {eta_formatted} left`,
      stream: process.stderr,
      // A process ended by Ctrl+C has then no cursor or wrapping to restore.
      hideCursor: false,
      linewrap: true,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(totalBytes, 0, { received: "0.0" });
  return {
    update: (receivedBytes) => {
      const received = Math.min(receivedBytes, totalBytes);
      bar.update(received, { received: megabytes(received) });
    },
    stop: () => {
      bar.stop();
    },
  };
}
