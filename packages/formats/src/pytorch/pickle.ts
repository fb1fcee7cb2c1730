import { ModelFileError } from "@convoy/core";

/** A class or function that a pickle names. Nothing of it is loaded or run. */
export class PickledName {
  readonly qualified: string;

  constructor(qualified: string) {
    this.qualified = qualified;
  }
}

/** What pickles are made of here: Python's dicts are maps, its lists, tuples and sets are arrays. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickledName
  | Pickled[]
  | Map<Pickled, Pickled>
  | object;

/** What the reader of a pickle knows. */
export interface PickleRules {
  /** Whether a pickle may name this; if not, reading ends there. */
  readonly allows: (qualified: string) => boolean;
  /** What calling a name with arguments gives. */
  readonly call: (name: PickledName, args: readonly Pickled[]) => Pickled;
  /** What a persistent id stands for: a storage. */
  readonly persistent: (id: Pickled) => Pickled;
}

/** Numbers of more bytes than this no model file has. */
const maxIntegerBytes = 64;

/** How many bytes there are for each list, tuple, dict or mark, at the least: a byte may make one, which takes many in memory. */
const bytesPerContainer = 4;

/** A text or number as text; what is neither by its kind, as lists may lie in each other a thousand times. */
export function textOf(value: Pickled | undefined): string {
  if (typeof value === "object" && value !== null) {
    return value instanceof PickledName ? value.qualified : Array.isArray(value) ? "(a list)" : "(an object)";
  }
  return String(value);
}

/**
 * Runs the stack machine of a pickle (Python's pickletools, protocols 2 to 5) without ever calling what it names: names must be
 * allowed one by one. Throws `ModelFileError` with the byte where that ends.
 */
export class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, Pickled>();
  #stack: Pickled[] = [];
  readonly #marks: Pickled[][] = [];
  #position: number;
  #containersLeft: number;
  /** How many items may still be handed to what names stand for. */
  #itemsLeft: number;

  constructor(bytes: Uint8Array, rules: PickleRules, start = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rules = rules;
    this.#position = start;
    this.#containersLeft = bytes.length / bytesPerContainer + 64;
    this.#itemsLeft = bytes.length + 64;
  }

  /** Where it stands: behind the pickle once that is read. */
  get position(): number {
    return this.#position;
  }

  read(): Pickled {
    for (;;) {
      const code = this.#byte();
      if (code === 0x2e) {
        return this.#pop();
      }
      const act = instructions[code];
      if (act === undefined) {
        throw this.error(`instruction 0x${code.toString(16)} is not one that model files use`);
      }
      if (containers.has(code) && --this.#containersLeft < 0) {
        throw this.error("it makes more lists and dicts than its length has reason for");
      }
      act(this.#machine);
    }
  }

  error(what: string): ModelFileError {
    return new ModelFileError(
      `PyTorch file, byte ${this.#position} of the pickle: ${what}. The file is damaged, or holds more than tensors: save it by ` +
        "torch.save(model.state_dict(), path)",
    );
  }

  readonly #machine: Machine = {
    push: (value) => {
      this.#stack.push(value);
    },
    pop: () => this.#pop(),
    top: () => {
      const value = this.#stack.at(-1);
      if (value === undefined) {
        throw this.error("the stack is empty");
      }
      return value;
    },
    mark: () => {
      this.#marks.push(this.#stack);
      this.#stack = [];
    },
    untilMark: () => {
      const items = this.#stack;
      const outer = this.#marks.pop();
      if (outer === undefined) {
        throw this.error("a mark is missing");
      }
      this.#stack = outer;
      return items;
    },
    unsigned: (size) => this.#unsigned(size),
    signed32: () => {
      this.#need(4);
      this.#position += 4;
      return this.#view.getInt32(this.#position - 4, true);
    },
    double: () => {
      this.#need(8);
      this.#position += 8;
      return this.#view.getFloat64(this.#position - 8, false);
    },
    bytes: (size) => {
      this.#need(size);
      this.#position += size;
      return this.#bytes.subarray(this.#position - size, this.#position);
    },
    line: () => {
      const end = this.#bytes.indexOf(10, this.#position);
      if (end < 0) {
        throw this.error("a line does not end");
      }
      const text = new TextDecoder().decode(this.#bytes.subarray(this.#position, end));
      this.#position = end + 1;
      return text;
    },
    remember: (index) => {
      this.#memo.set(index ?? this.#memo.size, this.#machine.top());
    },
    recall: (index) => {
      const value = this.#memo.get(index);
      if (value === undefined) {
        throw this.error(`nothing was remembered as ${index}`);
      }
      return value;
    },
    name: (module, name) => {
      const qualified = `${module}.${name}`;
      if (!this.#rules.allows(qualified)) {
        throw this.error(`it names ${qualified}, which is not among what is read; nothing of a file is ever run`);
      }
      return new PickledName(qualified);
    },
    call: (name, args) => {
      if (!(name instanceof PickledName) || !Array.isArray(args)) {
        throw this.error("it calls what is not a name");
      }
      for (const item of args) {
        this.#itemsLeft -= Array.isArray(item) ? item.length : item instanceof Map ? item.size : 0;
      }
      if (this.#itemsLeft < 0) {
        throw this.error(`it calls ${name.qualified} with the same long lists again and again`);
      }
      try {
        return this.#rules.call(name, args);
      } catch (error) {
        throw error instanceof ModelFileError ? error : this.error(`${name.qualified}: ${(error as Error).message}`);
      }
    },
    persistent: (id) => {
      try {
        return this.#rules.persistent(id);
      } catch (error) {
        throw error instanceof ModelFileError ? error : this.error((error as Error).message);
      }
    },
    error: (what) => this.error(what),
  };

  #pop(): Pickled {
    if (this.#stack.length === 0) {
      throw this.error("the stack is empty");
    }
    return this.#stack.pop() as Pickled;
  }

  #byte(): number {
    this.#need(1);
    return this.#bytes[this.#position++]!;
  }

  #unsigned(size: number): number {
    this.#need(size);
    let value = 0;
    for (let index = size - 1; index >= 0; index--) {
      value = value * 256 + this.#bytes[this.#position + index]!;
    }
    this.#position += size;
    return value;
  }

  #need(size: number): void {
    if (!(this.#position + size <= this.#bytes.length)) {
      throw this.error(`${size} more bytes are expected, but the file ends`);
    }
  }
}

/** What instructions act on. */
interface Machine {
  push(value: Pickled): void;
  pop(): Pickled;
  top(): Pickled;
  mark(): void;
  /** What lies above the last mark, which goes. */
  untilMark(): Pickled[];
  unsigned(size: number): number;
  signed32(): number;
  double(): number;
  bytes(size: number): Uint8Array;
  line(): string;
  remember(index?: number): void;
  recall(index: number): Pickled;
  name(module: string, name: string): PickledName;
  call(name: Pickled, args: Pickled): Pickled;
  persistent(id: Pickled): Pickled;
  error(what: string): ModelFileError;
}

type Instruction = (machine: Machine) => void;

function text(machine: Machine, size: number): string {
  return new TextDecoder().decode(machine.bytes(size));
}

/** A little-endian number with sign. */
function long(machine: Machine, size: number): number {
  if (size > maxIntegerBytes) {
    throw machine.error(`a number of ${size} bytes`);
  }
  const value = machine.bytes(size).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return Number(BigInt.asIntN(size * 8, value));
}

function popTuple(machine: Machine, count: number): void {
  const items = Array.from({ length: count }, () => machine.pop());
  machine.push(items.reverse());
}

function setItems(machine: Machine, pairs: readonly Pickled[]): void {
  const target = machine.top();
  if (!(target instanceof Map) || pairs.length % 2 !== 0) {
    throw machine.error("it puts items into what is no dict");
  }
  for (let index = 0; index < pairs.length; index += 2) {
    target.set(pairs[index]!, pairs[index + 1]!);
  }
}

function append(machine: Machine, items: readonly Pickled[]): void {
  const target = machine.top();
  if (!Array.isArray(target)) {
    throw machine.error("it appends to what is no list");
  }
  for (const item of items) {
    target.push(item);
  }
}

/** Instructions that make a list, tuple, set, dict or mark. */
const containers: ReadonlySet<number> = new Set([40, 41, 93, 108, 116, 125, 133, 134, 135, 143]);

/** Instructions by their code. */
const instructions: { readonly [code: number]: Instruction } = {
  // Frames: PROTO, FRAME.
  128: (m) => void m.unsigned(1),
  149: (m) => void m.bytes(8),
  // None, True, False.
  78: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  // Integers and floats: BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT.
  74: (m) => m.push(m.signed32()),
  75: (m) => m.push(m.unsigned(1)),
  77: (m) => m.push(m.unsigned(2)),
  138: (m) => m.push(long(m, m.unsigned(1))),
  139: (m) => m.push(long(m, m.unsigned(4))),
  71: (m) => m.push(m.double()),
  // Text and bytes: BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, BINSTRING, SHORT_BINSTRING, BINBYTES, SHORT_BINBYTES.
  88: (m) => m.push(text(m, m.unsigned(4))),
  140: (m) => m.push(text(m, m.unsigned(1))),
  141: (m) => m.push(text(m, m.unsigned(8))),
  84: (m) => m.push(text(m, m.unsigned(4))),
  85: (m) => m.push(text(m, m.unsigned(1))),
  66: (m) => m.push(m.bytes(m.unsigned(4))),
  67: (m) => m.push(m.bytes(m.unsigned(1))),
  // Lists and sets: EMPTY_LIST, EMPTY_SET, APPEND, APPENDS, ADDITEMS, LIST.
  93: (m) => m.push([]),
  143: (m) => m.push([]),
  97: (m) => {
    const item = m.pop();
    append(m, [item]);
  },
  101: (m) => append(m, m.untilMark()),
  144: (m) => append(m, m.untilMark()),
  108: (m) => m.push(m.untilMark()),
  // Tuples: EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE.
  41: (m) => m.push([]),
  133: (m) => popTuple(m, 1),
  134: (m) => popTuple(m, 2),
  135: (m) => popTuple(m, 3),
  116: (m) => m.push(m.untilMark()),
  // Dicts: EMPTY_DICT, SETITEM, SETITEMS.
  125: (m) => m.push(new Map()),
  115: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m, [key, value]);
  },
  117: (m) => setItems(m, m.untilMark()),
  // The stack: MARK, POP, POP_MARK, DUP.
  40: (m) => m.mark(),
  48: (m) => void m.pop(),
  49: (m) => void m.untilMark(),
  50: (m) => m.push(m.top()),
  // The memo: BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET.
  113: (m) => m.remember(m.unsigned(1)),
  114: (m) => m.remember(m.unsigned(4)),
  148: (m) => m.remember(),
  104: (m) => m.push(m.recall(m.unsigned(1))),
  106: (m) => m.push(m.recall(m.unsigned(4))),
  // Names and calls: GLOBAL, STACK_GLOBAL, REDUCE, NEWOBJ, BUILD, BINPERSID.
  99: (m) => m.push(m.name(m.line(), m.line())),
  147: (m) => {
    const name = m.pop();
    m.push(m.name(textOf(m.pop()), textOf(name)));
  },
  82: (m) => {
    const args = m.pop();
    m.push(m.call(m.pop(), args));
  },
  129: (m) => {
    const args = m.pop();
    m.push(m.call(m.pop(), args));
  },
  // The attributes of an ordered dict or parameter, which do not matter here.
  98: (m) => void m.pop(),
  81: (m) => m.push(m.persistent(m.pop())),
};
