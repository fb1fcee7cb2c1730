import { openStore } from "#choiceStore";
import type { Dispatch } from "../dispatch.js";
import type { ChoiceStore } from "./store/store.js";

/** Which way is the fastest, by the hash of all ways' code. */
type Ways = Record<string, string>;

/** What every backend of this process has found out, by device. */
const found = new Map<string, Ways>();

/** The fastest way of every kernel that has been measured on one kind of device. */
export class Choices {
  readonly #deviceName: string;
  readonly #store: ChoiceStore | undefined;
  readonly #ways: Ways;
  #changed = false;

  private constructor(deviceName: string, store: ChoiceStore | undefined, ways: Ways) {
    this.#deviceName = deviceName;
    this.#store = store;
    this.#ways = ways;
  }

  /**
   * What this process has found out about a device, and what earlier ones kept in `place`: a file in Node, a database of
   * IndexedDB in browsers. Rejects where the place cannot be read.
   */
  static async open(deviceName: string, place: string | undefined): Promise<Choices> {
    const store = place === undefined ? undefined : openStore(place);
    const ways = { ...(await store?.read(deviceName)), ...found.get(deviceName) };
    found.set(deviceName, ways);
    return new Choices(deviceName, store, ways);
  }

  /** The same ways of the same kernel on the same shapes have the same key; a changed kernel is measured anew. */
  async keyOf(ways: readonly Dispatch[]): Promise<string> {
    const text = ways.map(({ way, code }) => `${way}\n${code}`).join("\n");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  get(key: string): string | undefined {
    return this.#ways[key];
  }

  set(key: string, way: string): void {
    this.#ways[key] = way;
    this.#changed = true;
  }

  /** Keeps what is new. Rejects where the place cannot be written. */
  async save(): Promise<void> {
    if (this.#changed) {
      this.#changed = false;
      await this.#store?.write(this.#deviceName, this.#ways);
    }
  }
}
