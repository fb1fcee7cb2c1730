import { type Backend, bytesOf, type DeviceBuffer, dtypeBytes, type PlanValue } from "@convoy/core/backend";
import type { MpiGroup, PendingSum } from "../group/mpiGroup.js";
import type { Reduction } from "./stages.js";

/** Sums of at most so many bytes go into one message: it is latency that they cost. */
const packedBytes = 2 ** 16;

/** Sums over ranks that begin together, over buffers of one backend, by way of host memory. */
export class SumsOverHost {
  readonly #backend: Backend;
  readonly #group: MpiGroup;
  readonly #buffers: Readonly<Record<string, DeviceBuffer>>;
  /** What shares a message. */
  readonly #packed: readonly Reduction[];
  readonly #packet: Float32Array;
  readonly #single: readonly Reduction[];
  #pending: (PendingSum & { readonly store: () => void })[] = [];

  constructor(
    backend: Backend,
    group: MpiGroup,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    sums: readonly Reduction[],
  ) {
    this.#backend = backend;
    this.#group = group;
    this.#buffers = buffers;
    this.#packed = sums.filter(({ input }) => bytesOf(input) <= packedBytes);
    this.#single = sums.filter(({ input }) => bytesOf(input) > packedBytes);
    this.#packet = new Float32Array(this.#packed.reduce((length, { input }) => length + numbersOf(input), 0));
  }

  /** Begins all of them. The ops that computed their inputs are done. */
  async start(): Promise<void> {
    this.#pending = [];
    // All ranks begin them in the same order.
    if (this.#packed.length > 0) {
      await this.#startPacket();
    }
    for (const sum of this.#single) {
      await this.#startSingle(sum);
    }
  }

  /** Waits for all of them and puts them where they belong. */
  async finish(): Promise<void> {
    for (const { finish, store } of this.#pending) {
      await finish();
      store();
    }
    this.#pending = [];
  }

  async #startPacket(): Promise<void> {
    let at = 0;
    for (const { input, weight } of this.#packed) {
      const part = this.#packet.subarray(at, at + numbersOf(input));
      part.set(this.#view(input) ?? (await this.#read(input)));
      scale(part, weight);
      at += part.length;
    }
    const store = (): void => {
      let from = 0;
      for (const { output } of this.#packed) {
        this.#write(output, this.#packet.subarray(from, from + numbersOf(output)));
        from += numbersOf(output);
      }
    };
    this.#pending.push({ ...this.#group.startSum(this.#packet), store });
  }

  async #startSingle({ input, output, weight }: Reduction): Promise<void> {
    const memory = this.#view(output);
    if (memory === undefined) {
      const numbers = await this.#read(input);
      scale(numbers, weight);
      this.#pending.push({ ...this.#group.startSum(numbers), store: () => this.#write(output, numbers) });
      return;
    }
    if (input.buffer !== output.buffer || input.byteOffset !== output.byteOffset) {
      memory.set(this.#view(input)!);
    }
    scale(memory, weight);
    this.#pending.push({ ...this.#group.startSum(memory), store: () => undefined });
  }

  /** The memory of a value, where the backend keeps it on the host. */
  #view({ buffer, byteOffset, shape, dtype }: PlanValue): Float32Array | undefined {
    const bytes = this.#backend.hostView?.(this.#buffers[buffer!]!);
    return bytes && new Float32Array(bytes.buffer, bytes.byteOffset + byteOffset, bytesOf({ shape, dtype }) / 4);
  }

  async #read(value: PlanValue): Promise<Float32Array> {
    const { buffer, offset, length } = this.#placeOf(value);
    const read = await buffer.read(offset, length);
    return read instanceof Float32Array ? read : new Float32Array(read.slice().buffer);
  }

  #write(value: PlanValue, numbers: Float32Array): void {
    const memory = this.#view(value);
    if (memory !== undefined) {
      memory.set(numbers);
      return;
    }
    const { buffer, offset } = this.#placeOf(value);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    buffer.write(buffer.dtype === "float32" ? numbers : bytes, offset);
  }

  /** Where a value lies in its buffer, in elements of it: the arena counts bytes. */
  #placeOf(value: PlanValue): { readonly buffer: DeviceBuffer; readonly offset: number; readonly length: number } {
    const buffer = this.#buffers[value.buffer!]!;
    const size = dtypeBytes[buffer.dtype];
    return { buffer, offset: value.byteOffset / size, length: bytesOf(value) / size };
  }
}

function numbersOf(value: PlanValue): number {
  return bytesOf(value) / dtypeBytes.float32;
}

function scale(numbers: Float32Array, weight: number): void {
  if (weight === 0) {
    numbers.fill(0);
  } else if (weight !== 1) {
    for (let index = 0; index < numbers.length; index++) {
      numbers[index]! *= weight;
    }
  }
}
