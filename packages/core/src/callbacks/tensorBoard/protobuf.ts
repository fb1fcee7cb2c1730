/** Fields of protocol buffers, as far as events need them: https://protobuf.dev/programming-guides/encoding */

/** The kinds of what follows a field's number. */
const wire = { varint: 0, fixed64: 1, lengthDelimited: 2 } as const;

/** An integer of at least 0 as groups of seven bits, lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function field(number: number, kind: number, content: Iterable<number>): Uint8Array {
  return Uint8Array.from([...varint(number * 8 + kind), ...content]);
}

/** An enum or an integer from 0 to 2^53 - 1. */
export function integerField(number: number, value: number): Uint8Array {
  return field(number, wire.varint, varint(value));
}

/** 64 bits. */
export function doubleField(number: number, value: number): Uint8Array {
  return field(number, wire.fixed64, new Uint8Array(Float64Array.of(value).buffer));
}

/** Bytes, or text as UTF-8. */
export function bytesField(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return field(number, wire.lengthDelimited, [...varint(bytes.length), ...bytes]);
}

/** A message in a message. */
export function messageField(number: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(number, joinFields(fields));
}

/** A message: its fields one behind the other. */
export function joinFields(fields: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of fields) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}
