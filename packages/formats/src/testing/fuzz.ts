import {
  type Backend,
  input,
  type JsonValue,
  layers,
  type Model,
  ModelFileError,
  metrics,
  model,
  optimizers,
  schedules,
  sequential,
} from "@convoy/core";
import { reference } from "@convoy/core/reference";
import fc from "fast-check";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { loadModel } from "../index.js";
import type { JsonObject } from "../json.js";
import { writeKeras, writeKerasH5, writeKerasWeights } from "../keras/index.js";
import { keras3 } from "../keras/topology/dialect.js";
import { writeTopology } from "../keras/topology/writeTopology.js";
import { writeTfjs } from "../tfjs/index.js";
import { fillWeights } from "./sampleModels.js";

/** A change of some bytes: where, as a share of the file, and to what. */
type Change = readonly [place: number, values: readonly number[]];

/** A number in [0, 1), all alike: fast-check's own are mostly near 0. */
const share = fc.noBias(fc.integer({ min: 0, max: 2 ** 30 - 1 })).map((value) => value / 2 ** 30);

const changes = fc.array(
  fc.tuple(
    share,
    fc.oneof(
      fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        [0xff],
        [0],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0, 0, 0, 0],
        [0x80],
        [0x7f, 0xff],
      ),
    ),
  ),
  { minLength: 1, maxLength: 6 },
);

/** Bytes that are changed, then cut off. */
const damage = fc.record({
  changes,
  keep: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: share }),
});

function damaged(bytes: Uint8Array, { changes: list, keep }: { changes: readonly Change[]; keep: number }): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (const [place, values] of list) {
    const start = Math.floor(place * copy.length);
    values.forEach((value, index) => {
      if (start + index < copy.length) {
        copy[start + index] = value;
      }
    });
  }
  return copy.subarray(0, Math.ceil(keep * copy.length));
}

/** Small models of all kinds, so that damage meets structure and not numbers alone. */
function small(): Model {
  const start = input({ shape: [4, 4, 2], name: "start" });
  const inner = sequential(
    [layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }), layers.batchNormalization()],
    {
      name: "inner",
    },
  );
  const shared = layers.activation({ activation: "relu", name: "shared" });
  const joined = layers.add({ name: "sum" })([start, shared(inner(shared(start)))]);
  const end = layers.dense({ units: 3, activation: "softmax", name: "end" })(layers.flatten({ name: "flat" })(joined));
  return model({ inputs: start, outputs: end, name: "small" }) as Model;
}

/** Any value, put at a random place of JSON. */
const jsonChange = fc.record({
  place: share,
  value: fc.oneof(
    fc.constantFrom<JsonValue>(
      null,
      true,
      -1,
      0,
      1e9,
      1.5,
      "",
      "relu",
      [],
      {},
      [1, 1],
      [[]],
      "Sequential",
      "Conv2D",
      2 ** 53,
    ),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>,
  ),
  remove: fc.boolean(),
});

type Holder = Record<string, JsonValue>;

/** JSON with values replaced or removed. */
function changedJson(
  json: JsonValue,
  list: readonly { place: number; value: JsonValue; remove: boolean }[],
): JsonValue {
  const copy = structuredClone(json);
  for (const { place, value, remove } of list) {
    const places: { holder: Holder; key: string }[] = [];
    const visit = (holder: Holder): void => {
      for (const key of Object.keys(holder)) {
        places.push({ holder, key });
        if (typeof holder[key] === "object" && holder[key] !== null) {
          visit(holder[key] as Holder);
        }
      }
    };
    visit(copy as Holder);
    const { holder, key } = places[Math.floor(place * places.length)]!;
    if (remove) {
      delete holder[key];
    } else {
      // Values of its own: later changes may put it into itself.
      holder[key] = structuredClone(value);
    }
  }
  return copy;
}

/**
 * Loads a damaged file. Throws unless that ends well or in the project's error, within a second of work: what else the machine does
 * meanwhile does not count.
 */
async function expectContained(load: () => Promise<unknown>): Promise<void> {
  const start = process.cpuUsage();
  try {
    await load();
  } catch (error) {
    if (!(error instanceof ModelFileError)) {
      throw error;
    }
  }
  const { user, system } = process.cpuUsage(start);
  if (user + system > 1e6) {
    throw new Error(`took ${(user + system) / 1000} ms`);
  }
}

const warn = (): void => undefined;

/** Trained for a step, so that its file says how, and what the optimizer keeps. */
async function trained(backend: Backend): Promise<Model> {
  const made = small();
  await fillWeights(made);
  const learningRate = schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 });
  const optimizer = optimizers.adam({ learningRate, useEma: true });
  made.compile({ backend, optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy", metrics.auc()] });
  const images = { data: new Float32Array(64).fill(0.5), shape: [2, 4, 4, 2] };
  await made.trainOnBatch(images, { data: Float32Array.of(1, 0, 0, 0, 0, 1), shape: [2, 3] });
  return made;
}

/** What is damaged, by the name of the format: each a property for fast-check. */
export async function fuzzProperties(): Promise<Record<string, fc.IAsyncProperty<unknown>>> {
  const made = small();
  await fillWeights(made);
  const [zip, h5, weights, tfjs] = [
    await writeKeras(made),
    await writeKerasH5(made),
    await writeKerasWeights(made),
    await writeTfjs(made),
  ];
  const architecture = writeTopology(made, keras3) as JsonValue;
  const json = JSON.parse(new TextDecoder().decode(tfjs["model.json"])) as JsonValue;
  const bytes = (file: Uint8Array, load: (file: Uint8Array) => Promise<unknown>): fc.IAsyncProperty<unknown> =>
    fc.asyncProperty(damage, (how) => expectContained(() => load(damaged(file, how))));
  const values = (value: JsonValue, load: (value: JsonValue) => Promise<unknown>): fc.IAsyncProperty<unknown> =>
    fc.asyncProperty(fc.array(jsonChange, { minLength: 1, maxLength: 3 }), (list) =>
      expectContained(() => load(changedJson(value, list))),
    );
  const backend = await reference();
  const archive = unzipSync(await writeKeras(await trained(backend)));
  const config = JSON.parse(strFromU8(archive["config.json"]!)) as JsonObject;
  /** Compiles a file as it says, and lets go of it. */
  const compiled = async (changed: Readonly<Record<string, Uint8Array>>): Promise<void> => {
    const model = await loadModel(zipSync({ ...archive, ...changed }, { level: 0 }), { backend, warn });
    model.dispose();
  };
  return {
    // With checksums that are right.
    "weights of a trained .keras": bytes(archive["model.weights.h5"]!, (file) =>
      compiled({ "model.weights.h5": file }),
    ),
    "settings of training": values(config.compile_config!, (compile_config) =>
      compiled({ "config.json": strToU8(JSON.stringify({ ...config, compile_config })) }),
    ),
    ".keras": bytes(zip, (file) => loadModel(file, { warn })),
    ".h5": bytes(h5, (file) => loadModel(file, { warn })),
    ".weights.h5": bytes(weights, (file) => loadModel(file, { architecture, warn })),
    "model.json": bytes(tfjs["model.json"]!, (file) => loadModel({ ...tfjs, "model.json": file }, { warn })),
    "values of model.json": values(json, (value) =>
      loadModel({ ...tfjs, "model.json": new TextEncoder().encode(JSON.stringify(value)) }, { warn }),
    ),
    "values of a topology": values(architecture, (value) => loadModel(weights, { architecture: value, warn })),
  };
}
