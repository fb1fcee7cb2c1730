import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectFileSize, type SizeLimit } from "./sizeLimit.js";
import { type Bytes, type DatasetCache, forgetfulKeeper, type PartialKeeper, type PartialTransfer } from "./store.js";

/**
 * A cache folder that any number of processes may use at once:
 *
 *     NAME                      a finished file; arrives by renaming, so it is whole or not there
 *     NAME.PID-RANDOM.tmp       a finished file on its way there
 *     NAME.PID-RANDOM.part      a transfer that process PID keeps; one line of JSON (url, validator), then the bytes
 *     NAME.part                 a transfer that nobody works on, left to the next process
 *
 * A process takes over a .part file by renaming it to a name of its own, which only one can do. A .part file of a process
 * that no longer runs counts as left behind.
 */
export class FolderCache implements DatasetCache {
  readonly location: string;

  constructor(folder: string) {
    this.location = folder;
  }

  async read(name: string, limit?: SizeLimit): Promise<Bytes | undefined> {
    const path = join(this.location, name);
    const size = await fileSize(path);
    if (size !== undefined && limit !== undefined) {
      expectFileSize(`${this.location}: ${name}`, size, limit);
    }
    return size === undefined ? undefined : readWhole(path);
  }

  async write(name: string, bytes: Bytes): Promise<void> {
    await mkdir(this.location, { recursive: true });
    const temporary = this.#ownPath(name, "tmp");
    try {
      await writeFile(temporary, bytes);
      await rename(temporary, join(this.location, name));
    } finally {
      await rm(temporary, { force: true });
      for (const leftover of await this.#leftovers(name, "tmp")) {
        await rm(join(this.location, leftover), { force: true });
      }
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.location, name), { force: true });
  }

  async takePartial(name: string, limit?: SizeLimit): Promise<PartialTransfer | undefined> {
    let largest: PartialTransfer | undefined;
    for (const leftover of await this.#leftovers(name, "part")) {
      const path = this.#ownPath(name, "part");
      try {
        await rename(join(this.location, leftover), path);
      } catch {
        continue; // another process was first
      }
      const size = (await fileSize(path)) ?? 0;
      const bytes = size > (limit?.bytes ?? Infinity) + maxFirstLine ? undefined : await readWhole(path);
      await rm(path, { force: true });
      const transfer = bytes && readPartial(bytes);
      if (transfer && transfer.bytes.length > (largest?.bytes.length ?? 0)) {
        largest = transfer;
      }
    }
    return largest;
  }

  async keepPartial(name: string, transfer: PartialTransfer): Promise<PartialKeeper> {
    const path = this.#ownPath(name, "part");
    try {
      await mkdir(this.location, { recursive: true });
      const file = await open(path, "w");
      const { url, validator } = transfer;
      const keeper = new FileKeeper(path, join(this.location, `${name}.part`), file);
      await keeper.append(Buffer.from(`${JSON.stringify({ url, validator })}\n`));
      await keeper.append(transfer.bytes);
      return keeper;
    } catch {
      return forgetfulKeeper;
    }
  }

  #ownPath(name: string, ending: string): string {
    return join(this.location, `${name}.${process.pid}-${randomBytes(4).toString("hex")}.${ending}`);
  }

  /** Files of `name` with this ending that no running process owns. */
  async #leftovers(name: string, ending: string): Promise<string[]> {
    let entries: string[];
    try {
      entries = await readdir(this.location);
    } catch {
      return [];
    }
    return entries.filter((entry) => {
      if (!entry.startsWith(`${name}.`) || !entry.endsWith(`.${ending}`)) {
        return false;
      }
      const [, pid] = /^(\d+)-[0-9a-f]+\./.exec(entry.slice(name.length + 1)) ?? [];
      return entry === `${name}.${ending}` || (pid !== undefined && !isRunning(Number(pid)));
    });
  }
}

class FileKeeper implements PartialKeeper {
  readonly #path: string;
  readonly #releasedPath: string;
  #file: FileHandle | undefined;

  constructor(path: string, releasedPath: string, file: FileHandle) {
    this.#path = path;
    this.#releasedPath = releasedPath;
    this.#file = file;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      await this.#file?.writeFile(bytes);
    } catch {
      await this.discard(); // the disk is full: the download itself goes on in memory
    }
  }

  async release(): Promise<void> {
    if (await this.#close()) {
      await rename(this.#path, this.#releasedPath).catch(() => rm(this.#path, { force: true }));
    }
  }

  async discard(): Promise<void> {
    if (await this.#close()) {
      await rm(this.#path, { force: true });
    }
  }

  /** Whether it was still open. */
  async #close(): Promise<boolean> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    return file !== undefined;
  }
}

/** Address and validator, in the first line of a transfer that is kept. */
const maxFirstLine = 16_384;

async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined; // not there
  }
}

async function readWhole(path: string): Promise<Bytes | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch {
    return undefined; // not there or not readable: a cache may lack anything
  }
}

function readPartial(bytes: Bytes): PartialTransfer | undefined {
  const lineEnd = bytes.indexOf(10);
  try {
    const { url, validator } = JSON.parse(Buffer.from(bytes.subarray(0, lineEnd)).toString("utf8"));
    return typeof url === "string" ? { url, validator, bytes: bytes.slice(lineEnd + 1) } : undefined;
  } catch {
    return undefined; // the process ended before the first line was written
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
