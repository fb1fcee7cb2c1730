import { ModelFileError } from "@convoy/core";

/** How the value of a field lies in the file (protocol buffers, "Encoding"). */
const wires = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Messages within messages; deeper than this no model file goes. */
const maxDepth = 32;

/** Numbers of a field, in as little memory as they take. */
export type NumberList = readonly number[] | Float32Array | Float64Array;

/** A field of a message: its number, and its value, which must be read or skipped before the next one. */
export interface Field {
  readonly number: number;
  readonly wire: number;
}

/** Reads one message of protocol buffers out of bytes, never beyond its end. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #depth: number;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length, depth = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** Where it stands, in bytes from the beginning of the file. */
  get position(): number {
    return this.#position;
  }

  /** The head of the next field; undefined at the end of the message. */
  next(): Field | undefined {
    if (this.#position >= this.#end) {
      return undefined;
    }
    const key = this.#varint();
    const [number, wire] = [Number(key >> 3n), Number(key & 7n)];
    if (number === 0 || number > 0x1fffffff) {
      throw this.error(`field number ${number}`);
    }
    return { number, wire };
  }

  /** An integer of 64 bits. Throws where a JavaScript number cannot hold it. */
  integer({ wire }: Field): number {
    this.#expect(wire, wires.varint);
    return this.#safe(BigInt.asIntN(64, this.#varint()));
  }

  /** Integers, one or many at once. Throws for so many small ones that as numbers they would take several times the file. */
  integers({ wire }: Field): NumberList {
    if (wire === wires.varint) {
      return [this.#safe(BigInt.asIntN(64, this.#varint()))];
    }
    const end = this.#block(wire);
    let count = 0;
    for (let at = this.#position; at < end; at++) {
      count += this.#bytes[at]! < 128 ? 1 : 0;
    }
    if (count > 65_536 && count * 8 > 2 * this.#bytes.length) {
      throw this.error(`a list of ${count} small integers, such as quantised weights, which are not read`);
    }
    const values = new Float64Array(count);
    for (let index = 0; index < count; index++) {
      values[index] = this.#safe(BigInt.asIntN(64, this.#varint()));
    }
    if (this.#position !== end) {
      throw this.error("an integer that does not end with its list");
    }
    return values;
  }

  float({ wire }: Field): number {
    this.#expect(wire, wires.fixed32);
    this.#need(4);
    this.#position += 4;
    return this.#view.getFloat32(this.#position - 4, true);
  }

  /** Numbers of 4 bytes, one or many at once. */
  floats({ wire }: Field): NumberList {
    return this.#fixed(wire, wires.fixed32, Float32Array, (at) => this.#view.getFloat32(at, true));
  }

  /** Numbers of 8 bytes, one or many at once. */
  doubles({ wire }: Field): NumberList {
    return this.#fixed(wire, wires.fixed64, Float64Array, (at) => this.#view.getFloat64(at, true));
  }

  /** A part of the file's memory, not a copy. */
  bytes({ wire }: Field): Uint8Array {
    const end = this.#block(wire);
    const start = this.#position;
    this.#position = end;
    return this.#bytes.subarray(start, end);
  }

  text(field: Field): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  /** A message within this one. */
  message({ wire }: Field): MessageReader {
    const end = this.#block(wire);
    const start = this.#position;
    if (this.#depth === maxDepth) {
      throw this.error(`messages lie ${maxDepth} deep in each other`);
    }
    this.#position = end;
    return new MessageReader(this.#bytes, start, end, this.#depth + 1);
  }

  skip({ number, wire }: Field): void {
    if (wire === wires.varint) {
      this.#varint();
    } else if (wire === wires.bytes) {
      this.#position = this.#block(wire);
    } else if (wire === wires.fixed32 || wire === wires.fixed64) {
      const size = wire === wires.fixed32 ? 4 : 8;
      this.#need(size);
      this.#position += size;
    } else {
      throw this.error(`field ${number} is of wire type ${wire}, which there is not`);
    }
  }

  error(what: string): ModelFileError {
    return new ModelFileError(
      `ONNX file, byte ${this.#position}: ${what}. The file is damaged or is no ONNX file; export or download it again`,
    );
  }

  #varint(): bigint {
    let value = 0n;
    let low = 0;
    // Four groups of 7 bits fit a plain number, which is what nearly all are.
    for (let shift = 0; shift < 70; shift += 7) {
      this.#need(1);
      const byte = this.#bytes[this.#position++]!;
      if (shift < 28) {
        low |= (byte & 127) << shift;
      } else {
        value |= BigInt(byte & 127) << BigInt(shift);
      }
      if (byte < 128) {
        return shift < 28 ? BigInt(low) : BigInt.asUintN(64, value | BigInt(low));
      }
    }
    throw this.error("an integer of more than 10 bytes");
  }

  #safe(value: bigint): number {
    // The limits that exporters write for "to the end" mean no more than a very large number.
    const [lowest, highest] = [BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)];
    return Number(value < lowest ? lowest : value > highest ? highest : value);
  }

  #fixed(
    wire: number,
    single: number,
    list: typeof Float32Array | typeof Float64Array,
    read: (at: number) => number,
  ): NumberList {
    const size = list.BYTES_PER_ELEMENT;
    if (wire === single) {
      this.#need(size);
      this.#position += size;
      return [read(this.#position - size)];
    }
    const end = this.#block(wire);
    if ((end - this.#position) % size !== 0) {
      throw this.error(`${end - this.#position} bytes of numbers of ${size} bytes each`);
    }
    const values = new list((end - this.#position) / size);
    for (let index = 0; index < values.length; index++, this.#position += size) {
      values[index] = read(this.#position);
    }
    return values;
  }

  /** Reads a length; returns where the block ends. */
  #block(wire: number): number {
    this.#expect(wire, wires.bytes);
    const length = this.#varint();
    if (length > BigInt(this.#end - this.#position)) {
      throw this.error(`a block of ${length} bytes where ${this.#end - this.#position} are left`);
    }
    return this.#position + Number(length);
  }

  #expect(wire: number, wanted: number): void {
    if (wire !== wanted) {
      throw this.error(`a value of wire type ${wire}, expected ${wanted}`);
    }
  }

  #need(size: number): void {
    if (this.#position + size > this.#end) {
      throw this.error(`the file ends where ${size} more bytes are expected`);
    }
  }
}
