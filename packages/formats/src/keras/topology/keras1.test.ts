import { input, layers, type Model, model } from "@convoy/core";
import { describe, expect, test } from "vitest";
import { fillWeights } from "../../testing/sampleModels.js";
import { readKeras, writeKerasH5 } from "../index.js";
import { currentConfig } from "./keras1.js";

describe("the config of a layer", () => {
  test("of Keras 1 is given today's names", () => {
    const config = {
      name: "c",
      nb_filter: 8,
      nb_row: 3,
      nb_col: 2,
      border_mode: "same",
      bias: true,
      W_regularizer: { name: "WeightRegularizer", l1: 0, l2: 0.5 },
      dim_ordering: "tf",
    };
    const expected = {
      filters: 8,
      kernel_size: [3, 2],
      padding: "same",
      use_bias: true,
      kernel_regularizer: { class_name: "L1L2", config: { l1: 0, l2: 0.5 } },
      data_format: "channels_last",
    };
    expect(currentConfig("c", "Convolution2D", config, 1)).toMatchObject(expected);
    // Its first versions did not say which they were.
    expect(currentConfig("c", "Convolution2D", config, 2)).toMatchObject(expected);
  });

  test("keeps an option of an old name that stands beside the one of today", () => {
    const config = { name: "d", rate: 0.25, p: 0.75 };
    expect(currentConfig("d", "Dropout", config, 2)).toEqual(config);
  });

  test("of Keras 3 is left as it is", () => {
    const config = { name: "d", sigma: 1, nb_row: 3, nb_col: 3 };
    expect(currentConfig("d", "Dropout", config, 3)).toEqual(config);
  });

  test.each([1, 2, 3])("keeps its prototype whatever keys the file has, Keras %i", (major) => {
    const config = JSON.parse('{ "name": "d", "__proto__": { "units": 7 } }');
    const read = currentConfig("d", "Dense", config, major);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read.units).toBeUndefined();
    expect(Object.keys(read)).toEqual(["name", "__proto__"]);
  });
});

test("layers may have the names of what every object has", async () => {
  const start = input({ shape: [3] });
  const inner = model({
    inputs: start,
    outputs: layers.dense({ units: 2, name: "toString" })(layers.dense({ units: 4, name: "__proto__" })(start)),
    name: "constructor",
  });
  const first = input({ shape: [3] });
  const made = model({
    inputs: first,
    outputs: layers.dense({ units: 2, name: "__proto__" })(inner(first)),
    name: "outer",
  }) as unknown as Model;
  await fillWeights(made);
  const again = await readKeras(await writeKerasH5(made));
  expect(await again.getWeights()).toEqual(await made.getWeights());
});
