import { DatasetError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { expect, it } from "vitest";
import { loadData, type Readers } from "./loadData.js";
import { countOf } from "./workload.js";

const absent = async (): Promise<never> => {
  throw new DatasetError(
    "MNIST: train-images-idx3-ubyte is not here and cannot be downloaded. Tried:\n  - cache\nSet ...",
  );
};
const nowhere: Readers = { mnist: absent, "fashion-mnist": absent, kmnist: absent };

it("reads the set that is asked for", async () => {
  const digits = { train: syntheticDigits({ samples: 3 }), test: syntheticDigits({ samples: 2 }) };
  const lines: string[] = [];
  const data = await loadData("kmnist", 0, (line) => lines.push(line), { ...nowhere, kmnist: async () => digits });
  expect(data).toEqual({ dataset: "kmnist", ...digits });
  expect(lines).toEqual([]);
});

it("goes on with synthetic digits where MNIST cannot be had, and says so in one line", async () => {
  const lines: string[] = [];
  const { dataset, train, test } = await loadData("mnist", 1, (line) => lines.push(line), nowhere);
  expect(dataset).toBe("synthetic");
  expect([countOf(train), countOf(test)]).toEqual([60_000, 10_000]);
  expect(train.images.data.subarray(0, 784)).not.toEqual(test.images.data.subarray(0, 784));
  expect(lines).toEqual([
    "MNIST: train-images-idx3-ubyte is not here and cannot be downloaded; going on with synthetic digits. " +
      "CONVOY_DATA_DIR can name a folder that holds the set",
  ]);
});

it("lets nothing stand in for another set, nor for a defect", async () => {
  await expect(loadData("fashion-mnist", 0, () => undefined, nowhere)).rejects.toThrow(DatasetError);
  const broken: Readers = { ...nowhere, mnist: () => Promise.reject(new TypeError("defect")) };
  await expect(loadData("mnist", 0, () => undefined, broken)).rejects.toThrow(TypeError);
});
