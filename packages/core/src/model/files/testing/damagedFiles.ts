import fc from "fast-check";
import type { JsonValue } from "../../../config.js";
import { ModelFileError } from "../../../errors.js";
import * as layers from "../../../layers/index.js";
import { inputTensor as input } from "../../../layers/inputLayer.js";
import * as optimizers from "../../../optimizers/index.js";
import * as schedules from "../../../optimizers/schedules.js";
import { reference } from "../../../reference/index.js";
import * as safetensors from "../../../saving/safetensors.js";
import { loadModel, type Model, model, modelTopology, sequential } from "../../index.js";

/** Files of models of several kinds, trained and not. */
async function soundFiles(): Promise<Uint8Array[]> {
  const backend = await reference();
  const plain = sequential([
    layers.conv2d({ filters: 4, kernelSize: 3, groups: 2, inputShape: [5, 5, 2], kernelRegularizer: "l2" }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.prelu({ sharedAxes: [1, 2], alphaConstraint: "nonNeg" }),
    layers.zeroPadding2d(),
    layers.resizing({ height: 3, width: 2 }),
    layers.permute({ dims: [3, 1, 2] }),
    layers.reshape({ targetShape: [-1] }),
    layers.dense({ units: 2, activation: { function: "elu", alpha: 0.5 } }),
  ]);
  const trained = sequential([layers.dense({ units: 3, inputShape: [2] }), layers.dropout({ rate: 0.1 })]);
  trained.compile({
    backend,
    optimizer: optimizers.adam({
      learningRate: schedules.warmUp({
        steps: 2,
        followedBy: schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }),
      }),
      clipNorm: 1,
    }),
    loss: "huber",
    metrics: ["meanAbsoluteError"],
  });
  await trained.fit(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
    { batchSize: 1, verbose: 0 },
  );
  const x = input({ shape: [4] });
  const shared = layers.dense({ units: 4, name: "shared" });
  const inner = model({ inputs: x, outputs: shared(layers.layerNormalization()(x)), name: "inner" });
  const [a, b] = [input({ shape: [4], name: "a" }), input({ shape: [4] })];
  const left = inner(shared(a));
  const nested = model({
    inputs: { a, b },
    outputs: [layers.add()([left, inner(b)]), layers.concatenate()([left, b])],
  });
  return [await plain.save(), await trained.save(), await nested.save(), await trained.saveWeights()];
}

/** Which of the sound files has weights alone. */
const weightsAlone = 3;

/** Loads weights into a model that they fit. */
async function loadInto(bytes: Uint8Array, lenient: boolean): Promise<Model> {
  const made = sequential([layers.dense({ units: 3, inputShape: [2] }), layers.dropout({ rate: 0.1 })]);
  await made.loadWeights(bytes, { byName: lenient, skipMismatch: lenient });
  return made;
}

/** A file as the JSON that is in it, and its tensors. */
interface Opened {
  readonly parts: { readonly [name: string]: JsonValue };
  readonly tensors: ReadonlyMap<string, safetensors.StoredTensor>;
}

function open(bytes: Uint8Array): Opened {
  const { metadata, tensors } = safetensors.read(bytes);
  const parts = [...metadata].map(([name, text]) => [
    name,
    /^[[{]/.test(text) ? (JSON.parse(text) as JsonValue) : text,
  ]);
  return { parts: Object.fromEntries(parts) as Opened["parts"], tensors };
}

function close({ parts, tensors }: Opened): Uint8Array {
  const all = [...tensors].map(
    ([name, stored]) => [name, { data: safetensors.numbers(stored), shape: stored.shape }] as const,
  );
  const metadata = Object.entries(parts).map(([name, part]) => [
    name,
    typeof part === "string" && ["format", "version"].includes(name) ? part : JSON.stringify(part),
  ]);
  return safetensors.write({ tensors: all, metadata: Object.fromEntries(metadata) as { [name: string]: string } });
}

/** One change of bytes. */
const byteChange = fc.record({
  kind: fc.constantFrom(
    "flip" as const,
    "set" as const,
    "digit" as const,
    "cut" as const,
    "drop" as const,
    "repeat" as const,
  ),
  // Most of a small file is its header, which is where damage says something.
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(40),
  value: fc.nat(255),
});

type ByteChange = typeof byteChange extends fc.Arbitrary<infer T> ? T : never;

function changeBytes(bytes: Uint8Array, { kind, at, length, value }: ByteChange): Uint8Array {
  const position = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  if (kind === "cut") {
    return bytes.slice(0, position);
  }
  if (kind === "drop" || kind === "repeat") {
    const piece = bytes.slice(position, position + length);
    const rest = bytes.slice(position + (kind === "drop" ? length : 0));
    const pieces = kind === "drop" ? [rest] : [piece, rest];
    return safetensors.joined([bytes.slice(0, position), ...pieces]);
  }
  const changed = bytes.slice();
  if (kind === "digit") {
    const digit = changed.findIndex((byte, index) => index >= position && byte >= 0x30 && byte <= 0x39);
    changed[Math.max(0, digit)] = 0x30 + (value % 10);
  } else if (changed.length > 0) {
    changed[position] = kind === "flip" ? changed[position]! ^ (1 << (value % 8)) : value;
  }
  return changed;
}

/** Values that are unlike what stands in files, or much like it. */
const strange: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    true,
    false,
    "",
    "x",
    [],
    {},
    -1,
    0,
    1,
    2,
    0.5,
    1e9,
    2 ** 31,
    2 ** 53,
    1e300,
    -1e300,
  ),
  fc.constantFrom<JsonValue>("__proto__", "constructor", "toString", "Dense", "Sequential", "dense", "softmax", "same"),
  fc.constantFrom<JsonValue>(
    [1, 1],
    [0, 0],
    [1e9, 1e9],
    ["dense", 0, 0],
    { className: "Zeros", config: {} },
    { $tensor: "x" },
  ),
  fc.integer({ min: -10, max: 1_000_000 }),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>,
);

/** One change of the JSON in a file: which part, a way into it, and what happens there. */
const jsonChange = fc.record({
  part: fc.nat(),
  way: fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
  kind: fc.constantFrom("replace" as const, "remove" as const, "copy" as const, "add" as const),
  value: strange,
  name: fc.constantFrom("__proto__", "name", "trainable", "sameAs", "firstWeights", "inputShape", "units", "$tensor"),
});

type JsonChange = typeof jsonChange extends fc.Arbitrary<infer T> ? T : never;

function changeJson(opened: Opened, { part, way, kind, value, name }: JsonChange): Opened {
  const parts = JSON.parse(JSON.stringify(opened.parts)) as { [name: string]: JsonValue };
  // biome-ignore lint/suspicious/noExplicitAny: any place of any JSON.
  let place: any = parts;
  let keys = Object.keys(parts);
  let key = keys[part % keys.length]!;
  for (const step of way) {
    const next = place[key];
    keys = typeof next === "object" && next !== null ? Object.keys(next) : [];
    if (keys.length === 0) {
      break;
    }
    place = next;
    key = keys[step % keys.length]!;
  }
  if (kind === "replace") {
    place[key] = value;
  } else if (kind === "remove") {
    if (Array.isArray(place)) {
      place.splice(Number(key), 1);
    } else {
      delete place[key];
    }
  } else if (kind === "copy") {
    const other = keys[way.at(-1)! % Math.max(1, keys.length)] ?? key;
    place[key] = place[other];
  } else if (Array.isArray(place)) {
    place.push(value);
  } else {
    Object.defineProperty(place, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return { ...opened, parts };
}

/** A damaged file, by which sound one it was and what was done to it. */
const damage = fc.record({
  file: fc.nat(weightsAlone),
  json: fc.array(jsonChange, { maxLength: 3 }),
  bytes: fc.oneof(
    { weight: 2, arbitrary: fc.constant<ByteChange[]>([]) },
    { weight: 1, arbitrary: fc.array(byteChange, { maxLength: 3 }) },
  ),
  compiled: fc.boolean(),
});

/** What came of loading many damaged files. */
export interface DamageReport {
  readonly refused: number;
  readonly loaded: number;
  /** The longest time that one took, in milliseconds. */
  readonly longest: number;
}

/**
 * Loads damaged files. Fails, with the smallest damage that does it, for one that ends in anything but a `ModelFileError` or
 * a model that can be written and read again.
 */
export async function loadDamaged(runs: number): Promise<DamageReport> {
  const files = await soundFiles();
  const opened = files.map(open);
  const backend = await reference();
  let [refused, loaded, longest] = [0, 0, 0];
  const property = fc.asyncProperty(damage, async ({ file, json, bytes: changes, compiled }) => {
    const closed = json.length === 0 ? files[file]! : close(json.reduce(changeJson, opened[file]!));
    const bytes = changes.reduce(changeBytes, closed);
    const start = performance.now();
    let made: Model | undefined;
    try {
      made = await (file === weightsAlone ? loadInto(bytes, compiled) : loadModel(bytes, compiled ? { backend } : {}));
    } catch (error) {
      if (!(error instanceof ModelFileError)) {
        throw error;
      }
      refused++;
    } finally {
      longest = Math.max(longest, performance.now() - start);
    }
    if (made !== undefined) {
      loaded++;
      const again = await loadModel(await made.save(undefined, { includeOptimizer: false }));
      if (JSON.stringify(modelTopology(again)) !== JSON.stringify(modelTopology(made))) {
        throw new Error("the model is another one when it is written and read again");
      }
      made.dispose();
    }
  });
  await fc.assert(property, { numRuns: runs });
  return { refused, loaded, longest };
}
