import { signatures } from "./signatures.js";
import { structs } from "./structs.js";

export type StructName = keyof typeof structs;
export type SignatureName = keyof typeof signatures;

/** What a pointer is given as: a device address, a tensor, or nothing for null. */
export type Pointer = number | { readonly address: number } | undefined;

/** What a parameter or field of a type takes. An array takes no more elements than it has; the rest is zero. */
type ValueOf<T> = T extends `${infer Element}[${number}]`
  ? readonly ValueOf<Element>[]
  : T extends `${string}*`
    ? Pointer
    : T extends StructName
      ? StructValues<T>
      : number;

/** The fields of a struct by name. */
export type StructValues<S extends StructName> = {
  readonly [F in keyof (typeof structs)[S]]: ValueOf<(typeof structs)[S][F]>;
};

/** The arguments of a kernel by name. */
export type ArgumentsOf<S extends SignatureName> = {
  readonly [P in keyof (typeof signatures)[S]]: ValueOf<(typeof signatures)[S][P]>;
};

/** Types of parameters or fields by name, in order. */
type Fields = Readonly<Record<string, string>>;

/** Bytes of a value, and what its address is a multiple of. */
interface Extent {
  readonly size: number;
  readonly alignment: number;
}

/** A kernel's arguments as the driver takes them: one behind the other, each aligned, as in a C++ struct. */
export function packArguments<S extends SignatureName>(signature: S, values: ArgumentsOf<S>): Uint8Array {
  const fields: Fields = signatures[signature];
  const bytes = new Uint8Array(layOut(fields).end);
  write(new DataView(bytes.buffer), 0, fields, values);
  return bytes;
}

/** Bytes of a struct on the device. */
export function structBytes(name: StructName): number {
  return extentOf(name).size;
}

/** Where fields lie, and where they end. */
function layOut(fields: Fields): {
  readonly offsets: readonly number[];
  readonly end: number;
  readonly alignment: number;
} {
  const offsets: number[] = [];
  let end = 0;
  let alignment = 1;
  for (const type of Object.values(fields)) {
    const extent = extentOf(type);
    const offset = roundUp(end, extent.alignment);
    offsets.push(offset);
    end = offset + extent.size;
    alignment = Math.max(alignment, extent.alignment);
  }
  return { offsets, end, alignment };
}

function extentOf(type: string): Extent {
  const array = arrayOf(type);
  if (array !== undefined) {
    const { size, alignment } = extentOf(array.element);
    return { size: size * array.length, alignment };
  }
  if (type.endsWith("*")) {
    return { size: 8, alignment: 8 };
  }
  const fields = fieldsOf(type);
  if (fields === undefined) {
    return { size: 4, alignment: 4 };
  }
  const { end, alignment } = layOut(fields);
  return { size: roundUp(end, alignment), alignment };
}

function write(view: DataView, start: number, fields: Fields, values: object): void {
  const { offsets } = layOut(fields);
  Object.entries(fields).forEach(([name, type], index) => {
    writeValue(view, start + offsets[index]!, type, (values as Record<string, unknown>)[name]);
  });
}

function writeValue(view: DataView, offset: number, type: string, value: unknown): void {
  const array = arrayOf(type);
  const fields = fieldsOf(type);
  if (array !== undefined) {
    const { size } = extentOf(array.element);
    (value as readonly unknown[]).forEach((element, index) => {
      writeValue(view, offset + index * size, array.element, element);
    });
  } else if (fields !== undefined) {
    write(view, offset, fields, value as object);
  } else if (type.endsWith("*")) {
    const pointer = value as Pointer;
    view.setBigUint64(offset, BigInt(typeof pointer === "object" ? pointer.address : (pointer ?? 0)), true);
  } else if (type === "float") {
    view.setFloat32(offset, value as number, true);
  } else {
    // int, or uint32_t with the same bits.
    view.setInt32(offset, (value as number) | 0, true);
  }
}

/** Element type and length of `float[3]`. */
function arrayOf(type: string): { readonly element: string; readonly length: number } | undefined {
  const [, element, length] = /^(.+)\[(\d+)\]$/.exec(type) ?? [];
  return element === undefined ? undefined : { element, length: Number(length) };
}

function fieldsOf(type: string): Fields | undefined {
  return Object.hasOwn(structs, type) ? structs[type as StructName] : undefined;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
