import { createStore, get, update } from "idb-keyval";
import type { ChoiceStore } from "./store.js";

/** A database of IndexedDB. */
export function openStore(database: string): ChoiceStore {
  const store = createStore(database, "kernels");
  return {
    read: async (deviceName) => (await get<Record<string, string>>(deviceName, store)) ?? {},
    write: (deviceName, ways) => update(deviceName, (kept) => ({ ...kept, ...ways }), store),
  };
}
