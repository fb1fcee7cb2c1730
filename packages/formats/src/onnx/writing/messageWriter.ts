/** Writes a message of protocol buffers; numbers of weights are not copied before the file is put together. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  integer(field: number, value: number): this {
    this.#varint(field * 8);
    return this.#varint(value);
  }

  /** Integers with a field each, as ONNX's own tools write dims. */
  integers(field: number, values: readonly number[]): this {
    for (const value of values) {
      this.integer(field, value);
    }
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#append(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    return this.#append(value);
  }

  message(field: number, inner: MessageWriter): this {
    this.#varint(field * 8 + 2);
    this.#varint(inner.size);
    for (const part of inner.#parts) {
      this.#append(part);
    }
    return this;
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #append(part: Uint8Array): this {
    this.#parts.push(part);
    this.#size += part.length;
    return this;
  }

  #varint(value: number): this {
    const bytes: number[] = [];
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      if (rest < 128n) {
        bytes.push(Number(rest));
        return this.#append(Uint8Array.from(bytes));
      }
      bytes.push(Number(rest & 127n) | 128);
    }
  }
}
