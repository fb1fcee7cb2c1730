import type { Backend, DeviceBuffer } from "../../backend/index.js";
import { bufferNames } from "../declare/bufferNames.js";

/** Scratch memory that all plans of a model share; one that needs more gets a larger block, which later ones share. */
export class Arenas {
  readonly #backend: Backend;
  readonly #blocks: DeviceBuffer[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /**
   * Runs `use` with a block of at least `bytes`, which stays for later plans. Where `use` fails, a block made for it goes:
   * where memory turns out missing, another attempt, with a smaller batch say, makes its own.
   */
  async with<T>(bytes: number, use: (arena: DeviceBuffer) => Promise<T>): Promise<T> {
    const fitting = this.#blocks.find(({ length }) => length >= bytes);
    if (fitting !== undefined) {
      return await use(fitting);
    }
    const arena = this.#backend.createBuffer(bufferNames.arena, { dtype: "uint8", length: Math.max(1, bytes) });
    this.#blocks.push(arena);
    try {
      return await use(arena);
    } catch (error) {
      this.#blocks.splice(this.#blocks.indexOf(arena), 1);
      arena.dispose();
      throw error;
    }
  }

  dispose(): void {
    for (const block of this.#blocks) {
      block.dispose();
    }
  }
}
