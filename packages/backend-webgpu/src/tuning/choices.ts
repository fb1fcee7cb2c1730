import { openStore } from "#choiceStore";
import type { Dispatch } from "../wgsl/dispatch.js";
import type { ChoiceStore } from "./store/store.js";

/** The name of the fastest variant, by the hash of all variants' code. */
type Variants = Map<string, string>;

/** What this process has found out, by device: shared by all its backends. */
const found = new Map<string, Variants>();

/** The fastest variant of every kernel that has been measured on one kind of device. */
export class Choices {
  readonly #deviceName: string;
  readonly #store: ChoiceStore | undefined;
  readonly #variants: Variants;
  /** The keys that the store has. */
  readonly #kept: Set<string>;

  private constructor(deviceName: string, store: ChoiceStore | undefined, variants: Variants, kept: Iterable<string>) {
    this.#deviceName = deviceName;
    this.#store = store;
    this.#variants = variants;
    this.#kept = new Set(kept);
  }

  /**
   * What this process has found out about a device, and what earlier ones kept in `place`: a file in Node, a database of
   * IndexedDB in browsers. Rejects with `BackendUnavailableError` where the place cannot be read.
   */
  static async open(deviceName: string, place: string | undefined): Promise<Choices> {
    const store = place === undefined ? undefined : openStore(place);
    const kept = (await store?.read(deviceName)) ?? {};
    const variants = found.get(deviceName) ?? new Map<string, string>();
    found.set(deviceName, variants);
    for (const [key, variant] of Object.entries(kept)) {
      if (!variants.has(key)) {
        variants.set(key, variant);
      }
    }
    return new Choices(deviceName, store, variants, Object.keys(kept));
  }

  /** The same variants of the same kernel on the same shapes have the same key; a changed kernel is measured anew. */
  async keyOf(variants: readonly Dispatch[]): Promise<string> {
    const text = variants.map(({ variant, code }) => `${variant}\n${code}`).join("\n");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  get(key: string): string | undefined {
    return this.#variants.get(key);
  }

  set(key: string, variant: string): void {
    this.#variants.set(key, variant);
    // What the store has of it names a variant that no longer exists.
    this.#kept.delete(key);
  }

  /** Keeps what the store does not have. Warns where that fails: it costs the next process a measurement, not this one its work. */
  async save(): Promise<void> {
    const fresh = [...this.#variants].filter(([key]) => !this.#kept.has(key));
    if (this.#store === undefined || fresh.length === 0) {
      return;
    }
    try {
      await this.#store.write(this.#deviceName, Object.fromEntries(fresh));
      for (const [key] of fresh) {
        this.#kept.add(key);
      }
    } catch (error) {
      console.warn((error as Error).message);
    }
  }
}
