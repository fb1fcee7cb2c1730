import { checkOptions, expectCount } from "../checkOption.js";
import { ArgumentError, ConvoyError, DeviceError, ModelFileError, ModelFileNotFoundError } from "../errors.js";
import { type ModelTarget, removeTarget, sourceName } from "../saving/stores.js";
import type { Callback, Training } from "./callback.js";
import { readState, writeState } from "./stateFile.js";

/** Settings of `backupAndRestore`; names and defaults are Keras'. */
export interface BackupAndRestoreOptions {
  /** When it saves: at the end of every epoch ("epoch", the default) or after so many steps. */
  readonly saveFreq?: "epoch" | number;
  /** Whether the backup is removed once training has come to its end; default true. */
  readonly deleteCheckpoint?: boolean;
}

/**
 * Saves all that training depends on, and lets `fit` go on from there when the same script is run again after it was cut short: to
 * the same bits as if it had never been, also from the middle of an epoch. Keras' `BackupAndRestore`.
 *
 * `fit` throws `ModelFileError` where the backup is damaged or does not fit: of another model, optimizer, or other data.
 * @param target one file: a path or file: URL in Node, where a process that is killed while it saves leaves the old backup or the new one;
 * `stores.indexedDb(name)` in a page; or a store of your own with `read`, `write` and `remove`
 */
export function backupAndRestore(target: ModelTarget, options: BackupAndRestoreOptions = {}): Callback {
  const { saveFreq = "epoch", deleteCheckpoint = true } = checkOptions("backupAndRestore", options, [
    "saveFreq",
    "deleteCheckpoint",
  ]);
  checkTarget(target, deleteCheckpoint);
  const save = async (training: Training): Promise<void> => {
    const state = await training.getState();
    if (training.writes) {
      await writeState(target, state);
    }
  };
  return {
    // What other callbacks do at the same moment is part of the backup.
    last: true,
    onTrainBegin: (training) => restore(target, training),
    ...(saveFreq === "epoch"
      ? { onEpochEnd: (_, __, training): Promise<void> => save(training) }
      : {
          batchInterval: expectCount('backupAndRestore: saveFreq, where it is not "epoch",', saveFreq),
          onBatchEnd: (_, __, training): Promise<void> => save(training),
        }),
    async onTrainEnd(training) {
      if (deleteCheckpoint && training.writes) {
        await removeTarget(target);
      }
    },
  } satisfies Callback;
}

async function restore(target: ModelTarget, training: Training): Promise<void> {
  try {
    await training.setState(await readState(target));
  } catch (error) {
    if (error instanceof ModelFileNotFoundError) {
      return;
    }
    if (!(error instanceof ConvoyError) || error instanceof DeviceError) {
      throw error;
    }
    throw new ModelFileError(
      `the backup ${sourceName(target)} cannot be gone on from: ${error.message}. Remove it to start anew`,
      { cause: error },
    );
  }
}

function checkTarget(target: ModelTarget, removes: boolean): void {
  if (typeof target === "string" || target instanceof URL) {
    return;
  }
  const needed = ["read", "write", ...(removes ? ["remove"] : [])] as const;
  for (const name of needed) {
    if (typeof (target as Partial<Record<string, unknown>> | null)?.[name] !== "function") {
      throw new ArgumentError(
        `backupAndRestore takes a path, a file: URL, or a store with ${needed.join(", ")}, such as stores.indexedDb(name); this one ` +
          `has no ${name}()`,
      );
    }
  }
}
