import { type Cursor, decodeText, type Hdf5Bytes } from "./bytes.js";
import { type Datatype, decodeNumbers, elementCount, readDataspace, readDatatype, readLongText } from "./datatype.js";
import { denseObjects } from "./denseStorage.js";
import { type Message, messageTypes } from "./objectHeader.js";

/** Value of an attribute: a text, texts, a number or numbers; undefined where it is of a kind that is not read. */
export type AttributeValue = string | readonly string[] | number | Float32Array | undefined;

/** How an attribute's value is had. */
export type ReadAttribute = () => AttributeValue;

/** The attributes of an object, by name; values are read when they are wanted. */
export function readAttributes(file: Hdf5Bytes, messages: readonly Message[]): Map<string, ReadAttribute> {
  const attributes = new Map<string, ReadAttribute>();
  const add = (at: Cursor): void => {
    const { name, read } = readAttribute(file, at);
    attributes.set(name, read);
  };
  for (const { type, flags, start } of messages) {
    if (type === messageTypes.attribute && (flags & 2) === 0) {
      add(file.at(start, "an attribute"));
    } else if (type === messageTypes.attributeInfo) {
      const at = file.at(start, "an attribute info message");
      at.version([0]);
      at.skip(at.u8() & 1 ? 2 : 0);
      const heap = at.address();
      const index = at.address();
      if (heap !== undefined) {
        denseObjects(file, heap, index).forEach(add);
      }
    }
  }
  return attributes;
}

function readAttribute(file: Hdf5Bytes, at: Cursor): { name: string; read: ReadAttribute } {
  const version = at.version([1, 2, 3]);
  const flags = at.u8();
  const [nameSize, typeSize, spaceSize] = [at.u16(), at.u16(), at.u16()];
  at.skip(version === 3 ? 1 : 0);
  const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const name = decodeText(at.take(padded(nameSize)));
  file.allowName(nameSize);
  const typeStart = at.skip(padded(typeSize));
  const spaceStart = at.skip(padded(spaceSize));
  const dataStart = at.position;
  return {
    name,
    read() {
      // Bit 0: the type is one that stands elsewhere.
      if (version > 1 && (flags & 1) !== 0) {
        return undefined;
      }
      const type = readDatatype(file.at(typeStart, `the type of attribute ${name}`));
      const shape = readDataspace(file.at(spaceStart, `the shape of attribute ${name}`));
      return shape === undefined ? undefined : readValue(file, name, type, shape, dataStart);
    },
  };
}

function readValue(
  file: Hdf5Bytes,
  name: string,
  type: Datatype,
  shape: readonly number[],
  start: number,
): AttributeValue {
  const count = elementCount(shape);
  const what = `attribute ${name}`;
  const data = file.at(start, what);
  switch (type.kind) {
    case "text": {
      const bytes = data.take(count * type.size);
      const texts = Array.from({ length: type.size === 0 ? 0 : count }, (_, index) =>
        decodeText(bytes.subarray(index * type.size, (index + 1) * type.size)),
      );
      return shape.length === 0 ? (texts[0] ?? "") : texts;
    }
    case "longText": {
      const size = 8 + file.offsetSize;
      data.skip(count * size);
      const texts = Array.from({ length: count }, (_, index) =>
        readLongText(file, file.at(start + index * size, what), decodeText),
      );
      return shape.length === 0 ? texts[0] : texts;
    }
    case "other":
      return undefined;
    default: {
      const numbers = decodeNumbers(what, type, data.take(count * type.size), count);
      return shape.length === 0 ? numbers[0] : numbers;
    }
  }
}
