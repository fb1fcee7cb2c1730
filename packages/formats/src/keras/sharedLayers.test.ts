import { type Backend, input, type Layer, layers, type Model, model, sequential, type Tensor } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadWeights } from "../index.js";
import { fillWeights, samplesFor } from "../testing/sampleModels.js";
import { readTfjs, writeTfjs } from "../tfjs/index.js";
import { readKeras, writeKeras, writeKerasH5, writeKerasWeights } from "./index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

/** Two models within that share a layer and a model; one shares another layer with the model around it. Or all of their own. */
function sharing(shared: boolean): Model {
  const once = <T>(make: () => T): (() => T) => {
    const made = make();
    return shared ? () => made : make;
  };
  const common = once(() => layers.dense({ units: 3, activation: "tanh", name: "common" }));
  const outer = once(() => layers.dense({ units: 3, activation: "sigmoid", name: "outer" }));
  const innermost = once(() => {
    const start = input({ shape: [3] });
    return model({ inputs: start, outputs: layers.batchNormalization({ name: "norm" })(start), name: "innermost" });
  });
  const block = (name: string, units: number) => {
    const start = input({ shape: [3] });
    const own = layers.dense({ units, name: `${name}_own` })(start);
    const bent = innermost()(common()(layers.dense({ units: 3, name: "same" })(own)));
    return model({ inputs: start, outputs: name === "second" ? outer()(bent) : bent, name });
  };
  const start = input({ shape: [3], name: "start" });
  const joined = layers.add()([block("first", 4)(start), block("second", 5)(start), outer()(start)]);
  const end = layers.dense({ units: 4, name: "last" })(joined);
  return model({ inputs: start, outputs: end, name: "sharing" }) as unknown as Model;
}

function leaves(made: Model): Layer[] {
  return made.layers
    .filter(({ className }) => className !== "InputLayer")
    .flatMap((layer) => ("layers" in layer ? leaves(layer as Model) : [layer]));
}

/** A model that shares layers, and the same where each has layers of its own with equal weights. */
async function both(): Promise<{ made: Model; separate: Model }> {
  const [made, separate] = [sharing(true), sharing(false)];
  await fillWeights(made);
  const own = leaves(separate);
  for (const [index, layer] of leaves(made).entries()) {
    if ((layer.weights?.parameters.length ?? 0) > 0) {
      await own[index]!.setWeights(await layer.getWeights());
    }
  }
  return { made, separate };
}

async function outputsOf(made: Model): Promise<number[]> {
  made.compile({ backend });
  const outputs = (await made.predict(samplesFor(made, 5)[0]!)) as Tensor<Float32Array>;
  return [...outputs.data];
}

test("weights of Keras 3 stand once for all models that share them, and are read back", async () => {
  const { made } = await both();
  const other = sharing(true);
  await loadWeights(other, await writeKerasWeights(made));
  const expected = await outputsOf(made);
  expect(await outputsOf(other)).toEqual(expected);
  expect(new Set(expected).size).toBeGreaterThan(10);
});

test("weights of Keras 2, which stand in every model, are read into one that shares layers", async () => {
  const { made, separate } = await both();
  const other = sharing(true);
  await loadWeights(other, await writeKerasH5(separate));
  expect(await outputsOf(other)).toEqual(await outputsOf(made));
});

test("a file of Keras 3 whose config says that layers are shared has weights for them once", async () => {
  const { made, separate } = await both();
  const files = unzipSync(await writeKeras(separate));
  const ids: Record<string, number> = { common: 11, outer: 12, innermost: 13 };
  const config = JSON.parse(strFromU8(files["config.json"]!), (_, value) => {
    const name: unknown = value?.class_name === undefined ? undefined : value.config?.name;
    return typeof name === "string" && Object.hasOwn(ids, name) ? { ...value, shared_object_id: ids[name] } : value;
  });
  files["config.json"] = strToU8(JSON.stringify(config));
  const weights = new Uint8Array(await writeKerasWeights(made));
  const told: string[] = [];
  const again = await readKeras(zipSync({ ...files, "model.weights.h5": weights }), {
    warn: (message) => told.push(message),
  });
  expect(await outputsOf(again)).toEqual(await outputsOf(made));
  expect((await again.getWeights()).length).toBe((await made.getWeights()).length);
  expect((await separate.getWeights()).length).toBeGreaterThan((await made.getWeights()).length);
  expect(told).toEqual([]);
});

const written = {
  keras: async (made: Model) => readKeras(await writeKeras(made)),
  h5: async (made: Model) => readKeras(await writeKerasH5(made)),
  tfjs: async (made: Model) => readTfjs(await writeTfjs(made)),
} as const;

describe.each(["keras", "h5", "tfjs"] as const)("a model that shares layers, written as %s and read back", (format) => {
  test("calls them several times in one model: same predictions, weights once", async () => {
    const { made } = await both();
    made.getLayer("second").trainable = false;
    const expected = await outputsOf(made);
    const again = await written[format](made);
    expect(await outputsOf(again)).toEqual(expected);
    expect((await again.getWeights()).length).toBe((await made.getWeights()).length);
    // What has a name of its own keeps it.
    const names = again.layers.map(({ label }) => label);
    expect(names).toEqual(
      expect.arrayContaining(["common", "outer", "first_own", "same", "second_same", "norm", "last"]),
    );
    expect(again.layers.some((layer) => "layers" in layer)).toBe(false);
    expect(again.getLayer("second_same").trainable).toBe(false);
    expect(again.getLayer("first_own").trainable).toBe(true);
    // The model itself is as before.
    expect(await outputsOf(made)).toEqual(expected);
    expect(made.layers.map(({ label }) => label)).toContain("first");
    expect(made.getLayer("last").input).toBeDefined();
  });

  test("a stack with a layer twice", async () => {
    const twice = layers.dense({ units: 3, activation: "tanh", name: "twice" });
    const inner = sequential([layers.dense({ units: 3, inputShape: [3] }), twice], { name: "inner" });
    const made = sequential([layers.dense({ units: 3, inputShape: [5] }), twice, inner, layers.relu(), twice, inner]);
    await fillWeights(made);
    const again = await written[format](made);
    expect(await outputsOf(again)).toEqual(await outputsOf(made));
    expect((await again.getWeights()).length).toBe(6);
  });

  test("outputs of a model within that nothing reads are left out", async () => {
    const common = layers.dense({ units: 3, name: "common" });
    const start = input({ shape: [3] });
    const half = common(start);
    const inner = model({
      inputs: start,
      outputs: [half, layers.dense({ units: 2, name: "unread" })(half)],
      name: "inner",
    });
    const outside = input({ shape: [3], name: "outside" });
    const [first] = inner(outside) as unknown as [typeof half];
    const made = model({ inputs: outside, outputs: [common(first), layers.relu()(first)] }) as unknown as Model;
    await fillWeights(made);
    const again = await written[format](made);
    const predicted = async (one: Model) => {
      one.compile({ backend });
      return ((await one.predict(samplesFor(made)[0]!)) as unknown as Tensor[]).map(({ data }) => [...data]);
    };
    expect(await predicted(again)).toEqual(await predicted(made));
  });
});
