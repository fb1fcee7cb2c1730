import type { Driver } from "../device/driver/driver.js";

/** Host memory that the device reaches itself, so that copies run in the order of the stream. */
export interface PinnedBlock {
  readonly address: number;
  readonly memory: ArrayBuffer;
}

/** Blocks up to here are kept for the next taker: pinning costs more than most copies. */
const maxKeptBytes = 2 ** 20;
const minBytes = 2 ** 16;

/** Hands out pinned blocks, sizes rounded up to powers of two. */
export class PinnedMemory {
  readonly #driver: Driver;
  readonly #all = new Set<PinnedBlock>();
  readonly #idle = new Map<number, PinnedBlock[]>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** A block of at least `bytes`. */
  take(bytes: number): PinnedBlock {
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, minBytes)));
    const idle = this.#idle.get(size)?.pop();
    if (idle !== undefined) {
      return idle;
    }
    const address = this.#driver.get(`pinning ${size} bytes of host memory`, "cuMemAllocHost_v2", size);
    const block = { address, memory: this.#driver.view(address, size) };
    this.#all.add(block);
    return block;
  }

  /** Takes back a block that no copy uses any more. */
  giveBack(block: PinnedBlock): void {
    const size = block.memory.byteLength;
    if (size > maxKeptBytes) {
      this.#free(block);
    } else {
      this.#idle.set(size, [...(this.#idle.get(size) ?? []), block]);
    }
  }

  /** Frees every block, those in use included. */
  dispose(): void {
    for (const block of [...this.#all]) {
      this.#free(block);
    }
    this.#idle.clear();
  }

  #free(block: PinnedBlock): void {
    this.#all.delete(block);
    this.#driver.result("cuMemFreeHost", block.address);
  }
}
