import { BackendUnavailableError } from "@convoy/core/backend";
import { createStore, get, update } from "idb-keyval";
import type { ChoiceStore } from "./store.js";

/**
 * A database of IndexedDB, which must be this package's own. Every method rejects with `BackendUnavailableError`, naming the
 * database, where it cannot do its work: pages without an origin and some private windows have none.
 */
export function openStore(database: string): ChoiceStore {
  const attempt = async <T>(work: (store: ReturnType<typeof createStore>) => Promise<T>): Promise<T> => {
    try {
      return await work(createStore(database, "kernels"));
    } catch (cause) {
      throw new BackendUnavailableError(
        `webgpu: the tuning cache, IndexedDB's database "${database}", cannot be used: ${(cause as Error).message}. Name ` +
          "another in autotune: { cache }, or use autotune: true to keep nothing",
        { cause },
      );
    }
  };
  return {
    read: (deviceName) => attempt(async (store) => (await get<Record<string, string>>(deviceName, store)) ?? {}),
    write: (deviceName, variants) =>
      attempt((store) => update(deviceName, (kept) => ({ ...kept, ...variants }), store)),
  };
}
