import { type Field, MessageReader, type NumberList } from "./protobuf.js";

/** Name of the note in which Convoy's own files say how images lie: "nchw" or "nhwc". */
export const layoutKey = "convoy.layout";

/** An ONNX file as far as it matters here (onnx.proto3). */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Version of each set of operators by its domain, "" for ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
  /** Notes by name. */
  readonly metadata: ReadonlyMap<string, string>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  /** Including initializers where the file lists these as well. */
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** Only the field that the attribute uses is there. */
export interface OnnxAttribute {
  readonly float?: number;
  readonly integer?: number;
  readonly text?: string;
  readonly tensor?: OnnxTensor;
  readonly floats: readonly number[];
  readonly integers: readonly number[];
  /** Whether it holds what is not read: a graph, strings, sparse tensors. */
  readonly other: boolean;
}

/** Numbers as they lie in the file: in `raw`, or in the list of their type. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: number;
  readonly raw: Uint8Array | undefined;
  readonly floats: NumberList;
  /** int32_data, int64_data and uint64_data. */
  readonly integers: NumberList;
  readonly doubles: NumberList;
  /** Whether the numbers lie in another file. */
  readonly external: boolean;
}

export interface OnnxPort {
  readonly name: string;
  readonly type: number;
  /** null for a size that is not fixed; undefined where the file says nothing of the shape. */
  readonly shape: readonly (number | null)[] | undefined;
}

/** Calls a reader for each field of a message by its number; others are skipped. */
function readFields(message: MessageReader, readers: { readonly [number: number]: (field: Field) => void }): void {
  for (let field = message.next(); field !== undefined; field = message.next()) {
    const read = readers[field.number];
    if (read === undefined) {
      message.skip(field);
    } else {
      read(field);
    }
  }
}

/** Whether bytes are fields as an ONNX file has them, with a graph among them. Nothing within the fields is looked at. */
export function isOnnx(bytes: Uint8Array): boolean {
  const message = new MessageReader(bytes);
  let hasGraph = false;
  try {
    for (let field = message.next(); field !== undefined; field = message.next()) {
      // A model has fields up to 25; the graph is a message.
      if (field.number > 25 || (field.number === 7 && field.wire !== 2)) {
        return false;
      }
      hasGraph ||= field.number === 7;
      message.skip(field);
    }
    return hasGraph;
  } catch {
    return false;
  }
}

/** Reads an ONNX file. Throws `ModelFileError` with the place where it is damaged. */
export function readModelMessage(bytes: Uint8Array): OnnxModel {
  const message = new MessageReader(bytes);
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  let irVersion = 0;
  let producer = "";
  let producerVersion = "";
  let graph: OnnxGraph | undefined;
  readFields(message, {
    1: (field) => {
      irVersion = message.integer(field);
    },
    2: (field) => {
      producer = message.text(field);
    },
    3: (field) => {
      producerVersion = message.text(field);
    },
    7: (field) => {
      graph = readGraph(message.message(field));
    },
    8: (field) => {
      const inner = message.message(field);
      let [domain, version] = ["", 0];
      readFields(inner, {
        1: (part) => {
          domain = inner.text(part);
        },
        2: (part) => {
          version = inner.integer(part);
        },
      });
      opsets.set(domain === "ai.onnx" ? "" : domain, version);
    },
    14: (field) => {
      const inner = message.message(field);
      let [key, value] = ["", ""];
      readFields(inner, {
        1: (part) => {
          key = inner.text(part);
        },
        2: (part) => {
          value = inner.text(part);
        },
      });
      metadata.set(key, value);
    },
  });
  if (graph === undefined) {
    throw message.error("the file has no graph");
  }
  return { irVersion, producer: `${producer} ${producerVersion}`.trim(), opsets, graph, metadata };
}

function readGraph(message: MessageReader): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxPort[] = [];
  const outputs: OnnxPort[] = [];
  let name = "";
  readFields(message, {
    1: (field) => nodes.push(readNode(message.message(field))),
    2: (field) => {
      name = message.text(field);
    },
    5: (field) => initializers.push(readTensor(message.message(field))),
    11: (field) => inputs.push(readPort(message.message(field))),
    12: (field) => outputs.push(readPort(message.message(field))),
    15: () => {
      throw message.error("sparse initializers, which are not read");
    },
  });
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(message: MessageReader): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  let [name, op, domain] = ["", "", ""];
  readFields(message, {
    1: (field) => inputs.push(message.text(field)),
    2: (field) => outputs.push(message.text(field)),
    3: (field) => {
      name = message.text(field);
    },
    4: (field) => {
      op = message.text(field);
    },
    5: (field) => {
      const [key, attribute] = readAttribute(message.message(field));
      attributes.set(key, attribute);
    },
    7: (field) => {
      domain = message.text(field);
    },
  });
  return { name, op, domain: domain === "ai.onnx" ? "" : domain, inputs, outputs, attributes };
}

function readAttribute(message: MessageReader): [string, OnnxAttribute] {
  const floats: number[] = [];
  const integers: number[] = [];
  const single: { float?: number; integer?: number; text?: string; tensor?: OnnxTensor } = {};
  let name = "";
  let other = false;
  const foreign = (field: Field): void => {
    other = true;
    message.skip(field);
  };
  readFields(message, {
    1: (field) => {
      name = message.text(field);
    },
    2: (field) => {
      single.float = message.float(field);
    },
    3: (field) => {
      single.integer = message.integer(field);
    },
    4: (field) => {
      single.text = message.text(field);
    },
    5: (field) => {
      single.tensor = readTensor(message.message(field));
    },
    6: foreign,
    7: (field) => pushAll(floats, message.floats(field)),
    8: (field) => pushAll(integers, message.integers(field)),
    9: foreign,
    10: foreign,
    11: foreign,
    22: foreign,
    23: foreign,
  });
  return [name, { ...single, floats, integers, other }];
}

function readTensor(message: MessageReader): OnnxTensor {
  const dims: number[] = [];
  let [floats, integers, doubles]: NumberList[] = [[], [], []];
  let [name, type, external] = ["", 0, false];
  let raw: Uint8Array | undefined;
  const wholeNumbers = (field: Field): void => {
    integers = appended(integers!, message.integers(field));
  };
  readFields(message, {
    1: (field) => pushAll(dims, message.integers(field)),
    2: (field) => {
      type = message.integer(field);
    },
    4: (field) => {
      floats = appended(floats!, message.floats(field));
    },
    5: wholeNumbers,
    7: wholeNumbers,
    8: (field) => {
      name = message.text(field);
    },
    9: (field) => {
      raw = message.bytes(field);
    },
    10: (field) => {
      doubles = appended(doubles!, message.doubles(field));
    },
    11: wholeNumbers,
    14: (field) => {
      external = message.integer(field) === 1;
    },
  });
  return { name, dims, type, raw, floats: floats!, integers: integers!, doubles: doubles!, external };
}

/** A list with more numbers behind it. Nearly all lists come in one piece, which is kept as it is. */
function appended(list: NumberList, more: NumberList): NumberList {
  if (list.length === 0) {
    return more;
  }
  const numbers = Array.isArray(list) ? (list as number[]) : Array.from(list);
  pushAll(numbers, more);
  return numbers;
}

function readPort(message: MessageReader): OnnxPort {
  let name = "";
  let type = 0;
  let shape: (number | null)[] | undefined;
  readFields(message, {
    1: (field) => {
      name = message.text(field);
    },
    2: (field) => {
      const outer = message.message(field);
      readFields(outer, {
        1: (part) => {
          const tensor = outer.message(part);
          readFields(tensor, {
            1: (inner) => {
              type = tensor.integer(inner);
            },
            2: (inner) => {
              shape = readShape(tensor.message(inner));
            },
          });
        },
      });
    },
  });
  return { name, type, shape };
}

function readShape(message: MessageReader): (number | null)[] {
  const sizes: (number | null)[] = [];
  readFields(message, {
    1: (field) => {
      const dim = message.message(field);
      let size: number | null = null;
      readFields(dim, {
        1: (part) => {
          size = dim.integer(part);
        },
      });
      // Some exporters write 0 or -1 for a size that is not fixed.
      sizes.push(size !== null && size > 0 ? size : null);
    },
  });
  return sizes;
}

/** Like `push` of all, which has a limit. */
function pushAll(list: number[], more: NumberList): void {
  for (const value of more) {
    list.push(value);
  }
}
