/** A kernel's arguments in the driver's packed form: each value at a multiple of its own size, as a C++ struct has them. */
export class Arguments {
  readonly #view: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(1024));
  #length = 0;

  /** A device address; 0 for none. */
  pointer(address: number): this {
    this.#view.setBigUint64(this.#place(8), BigInt(address), true);
    return this;
  }

  /** int32 values, or uint32 ones with the same bits. */
  int(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setInt32(this.#place(4), value | 0, true);
    }
    return this;
  }

  float(...values: readonly number[]): this {
    for (const value of values) {
      this.#view.setFloat32(this.#place(4), value, true);
    }
    return this;
  }

  /** Fields of a struct, packed by whoever knows them. */
  struct(pack: (to: this) => void): this {
    pack(this);
    return this;
  }

  /** The bytes so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view.buffer, 0, this.#length);
  }

  #place(size: number): number {
    const offset = Math.ceil(this.#length / size) * size;
    this.#length = offset + size;
    return offset;
  }
}
