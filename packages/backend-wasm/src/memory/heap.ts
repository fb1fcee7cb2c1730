import { alignmentBytes, DeviceError, MemoryCount, type MemoryInfo } from "@convoy/core/backend";

/** Every block starts at a multiple of this, as plans expect. */
const alignment = alignmentBytes;
const pageBytes = 65536;
/** Left free at the end: kernels read whole vectors, a little beyond what they need. */
const slackBytes = 4096;
/** Left free at the start, for the module's own data. */
const firstAddress = 65536;

interface Block {
  readonly start: number;
  readonly end: number;
}

/** Hands out the module's memory: first fit over the free blocks, growing where none fits. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #maxPages: number;
  /** Free blocks by address, no two of them touching. */
  #free: Block[] = [];
  #end: number = firstAddress;
  readonly #taken: Map<number, { readonly bytes: number; readonly label: string }> = new Map();
  readonly #count: MemoryCount = new MemoryCount();

  constructor(memory: WebAssembly.Memory, maxPages: number) {
    this.memory = memory;
    this.#maxPages = maxPages;
  }

  get memoryInfo(): MemoryInfo {
    return this.#count.info;
  }

  /** Bytes that a further block may have: what the module's memory may still grow by, and the host has. */
  get availableBytes(): number {
    const left = this.#maxPages * pageBytes - slackBytes - this.#end;
    // Node only, from 20.13 on.
    const host = (globalThis as { process?: { availableMemory?(): number } }).process?.availableMemory?.() ?? Infinity;
    return Math.max(0, Math.min(left, host));
  }

  /** The address of `bytes` fresh bytes, zeros. Throws `DeviceError` when the memory cannot hold them. */
  allocate(label: string, bytes: number): number {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    const address = this.#fromFree(size) ?? this.#fromEnd(size, label, bytes);
    this.#taken.set(address, { bytes: size, label });
    this.#count.add(size);
    return address;
  }

  /** Gives a block back. */
  release(address: number): void {
    const block = this.#taken.get(address);
    if (block === undefined) {
      return;
    }
    this.#taken.delete(address);
    this.#count.remove(block.bytes);
    this.#free = joined([...this.#free, { start: address, end: address + block.bytes }]);
    const last = this.#free[this.#free.length - 1];
    if (last?.end === this.#end) {
      this.#end = last.start;
      this.#free.pop();
    }
  }

  #fromFree(size: number): number | undefined {
    const index = this.#free.findIndex(({ start, end }) => end - start >= size);
    const block = this.#free[index];
    if (block === undefined) {
      return undefined;
    }
    const rest = { start: block.start + size, end: block.end };
    this.#free.splice(index, 1, ...(rest.start < rest.end ? [rest] : []));
    this.#clear(block.start, size);
    return block.start;
  }

  #fromEnd(size: number, label: string, bytes: number): number {
    const address = this.#end;
    const end = address + size;
    const have = this.memory.buffer.byteLength;
    const need = end + slackBytes;
    // Memory beyond the highest end so far has never been written; below it may be what a released block left.
    if (need > have) {
      const missing = Math.ceil((need - have) / pageBytes);
      // Growing a little ahead keeps the number of growths small.
      const ahead = Math.min(missing + Math.ceil(have / pageBytes / 4), this.#maxPages - have / pageBytes);
      if (!this.#grow(Math.max(missing, ahead)) && !this.#grow(missing)) {
        throw this.#tooLarge(label, bytes);
      }
    }
    this.#clear(address, size);
    this.#end = end;
    return address;
  }

  #grow(pages: number): boolean {
    if (this.memory.buffer.byteLength / pageBytes + pages > this.#maxPages) {
      return false;
    }
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  #clear(address: number, size: number): void {
    new Uint8Array(this.memory.buffer, address, size).fill(0);
  }

  #tooLarge(label: string, bytes: number): DeviceError {
    const largest = [...this.#taken.values()]
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 3)
      .map((block) => `${block.label} ${megabytes(block.bytes)}`);
    return new DeviceError(
      `wasm: "${label}" needs ${megabytes(bytes)}, and ${megabytes(this.#count.usedBytes)} of at most ` +
        `${megabytes(this.#maxPages * pageBytes)} are taken${largest.length > 0 ? ` (largest: ${largest.join(", ")})` : ""}. ` +
        "Use a smaller batch, model or data set, or a backend with more memory",
    );
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

/** Blocks by address, those that touch made one. */
function joined(blocks: readonly Block[]): Block[] {
  const result: Block[] = [];
  for (const block of [...blocks].sort((a, b) => a.start - b.start)) {
    const last = result[result.length - 1];
    if (last?.end === block.start) {
      result[result.length - 1] = { start: last.start, end: block.end };
    } else {
      result.push(block);
    }
  }
  return result;
}
