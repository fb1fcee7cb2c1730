/** Bytes that are put together: little-endian numbers one after the other. */
export class Block {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  #reserve(count: number): number {
    const start = this.length;
    if (start + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, start + count));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.length = start + count;
    return start;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) {
      const at = this.#reserve(1);
      this.#view.setUint8(at, value);
    }
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: number | bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    this.#reserve(count);
    return this;
  }

  pad(multiple: number): this {
    return this.zeros((multiple - (this.length % multiple)) % multiple);
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}
