import { randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, ModelFileError, ModelFileNotFoundError } from "../errors.js";
import { existsMessage } from "./existsMessage.js";

/** The bytes of a file. Throws `ModelFileError` where there is none that can be read. */
export async function readPath(path: string | URL): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    let position = 0;
    while (position < size) {
      // Node reads at most 2 GiB at once.
      const { bytesRead } = await file.read(bytes, position, Math.min(size - position, 2 ** 30), position);
      if (bytesRead === 0) {
        return bytes.subarray(0, position);
      }
      position += bytesRead;
    }
    return bytes;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new ModelFileNotFoundError(`${path} cannot be read: there is no such file`, { cause: error });
    }
    const problem = code === "EISDIR" ? "that is a folder" : message;
    throw new ModelFileError(`${path} cannot be read: ${problem}`, { cause: error });
  } finally {
    await file?.close();
  }
}

/**
 * Writes a file so that at any moment, also after a power failure, the path has the old file or the new one: into a new file
 * of the same folder, which takes the other's name once it is on the disk. Makes folders that are missing. Without `overwrite`
 * it throws `ArgumentError` where there is a file already, also one that came while this one was written.
 *
 *     NAME.PID-RANDOM.tmp       a file on its way; where the process was killed, a later write of the same name removes it
 */
export async function writePath(
  path: string | URL,
  pieces: readonly Uint8Array[],
  overwrite: boolean = true,
): Promise<void> {
  const given = resolve(path instanceof URL ? fileURLToPath(path) : path);
  await mkdir(dirname(given), { recursive: true });
  // What a link points to is replaced, not the link.
  const target = await realpath(given).catch(() => given);
  const folder = dirname(target);
  const temporary = join(folder, `${basename(target)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  try {
    const known = await stat(target).catch(() => undefined);
    if (known?.isDirectory()) {
      throw new ArgumentError(`${given} is a folder; a model is one file, such as ${join(given, "model.safetensors")}`);
    }
    if (known !== undefined && !overwrite) {
      throw new ArgumentError(existsMessage(given));
    }
    await writeThrough(temporary, pieces, known && known.mode & 0o777);
    await (overwrite ? rename(temporary, target) : giveName(temporary, target));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
  await removeLeftovers(folder, basename(target));
}

/** Gives a file its name, unless another file has it. */
async function giveName(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new ArgumentError(existsMessage(target), { cause: error });
    }
    // Not all file systems can give a file two names.
    await rename(temporary, target);
    return;
  }
  await rm(temporary, { force: true });
}

/** Removes a file, where there is one. */
export async function removePath(path: string | URL): Promise<void> {
  await rm(path, { force: true });
}

async function writeThrough(path: string, pieces: readonly Uint8Array[], mode: number | undefined): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    for (const piece of pieces) {
      for (let position = 0; position < piece.length; ) {
        const { bytesWritten } = await file.write(piece, position, Math.min(piece.length - position, 2 ** 30));
        position += bytesWritten;
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Brings a rename to the disk. Windows has no such thing, and some file systems refuse. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    // The rename itself is done.
  }
}

/** How long a file of a process that cannot be seen from here is left alone, in milliseconds: it may run in another container. */
const patience = 60_000;

async function removeLeftovers(folder: string, name: string): Promise<void> {
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries) {
    const [, pid] =
      (entry.startsWith(`${name}.`) && /^(\d+)-[0-9a-f]{8}\.tmp$/.exec(entry.slice(name.length + 1))) || [];
    if (pid !== undefined && !isRunning(Number(pid))) {
      const path = join(folder, entry);
      const modified = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      );
      if (Date.now() - modified > patience) {
        await rm(path, { force: true });
      }
    }
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
