import { DatasetError } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { expect, it } from "vitest";
import { loadData, type Readers, usualDataset } from "./loadData.js";
import { countOf } from "./workload.js";

const absent = async (): Promise<never> => {
  throw new DatasetError(
    "MNIST: train-images-idx3-ubyte is not here and cannot be downloaded. Tried:\n  - cache\nSet ...",
  );
};
const nowhere: Readers = { mnist: absent, "fashion-mnist": absent, kmnist: absent, cifar10: absent };
const digits28 = [28, 28, 1];

it("reads the set that is asked for", async () => {
  const digits = { train: syntheticDigits({ samples: 3 }), test: syntheticDigits({ samples: 2 }) };
  const lines: string[] = [];
  const data = await loadData("kmnist", digits28, 0, (line) => lines.push(line), {
    ...nowhere,
    kmnist: async () => digits,
  });
  expect(data).toEqual({ dataset: "kmnist", ...digits });
  expect(lines).toEqual([]);
});

it("goes on with synthetic digits where MNIST cannot be had, and says so in one line", async () => {
  const lines: string[] = [];
  const { dataset, train, test } = await loadData("mnist", digits28, 1, (line) => lines.push(line), nowhere);
  expect(dataset).toBe("synthetic");
  expect([countOf(train), countOf(test)]).toEqual([60_000, 10_000]);
  expect(train.images.data.subarray(0, 784)).not.toEqual(test.images.data.subarray(0, 784));
  expect(lines).toEqual([
    "MNIST: train-images-idx3-ubyte is not here and cannot be downloaded; going on with synthetic images. " +
      "CONVOY_DATA_DIR can name a folder that holds the set",
  ]);
});

it("lets nothing stand in for another set, nor for a defect", async () => {
  await expect(loadData("fashion-mnist", digits28, 0, () => undefined, nowhere)).rejects.toThrow(DatasetError);
  const broken: Readers = { ...nowhere, mnist: () => Promise.reject(new TypeError("defect")) };
  await expect(loadData("mnist", digits28, 0, () => undefined, broken)).rejects.toThrow(TypeError);
});

it("draws colour images whose classes both parts share where CIFAR-10 cannot be had", async () => {
  const { dataset, train, test } = await loadData("cifar10", [32, 32, 3], 1, () => undefined, nowhere);
  expect([dataset, train.images.shape.slice(1), test.images.shape.slice(1)]).toEqual([
    "synthetic",
    [32, 32, 3],
    [32, 32, 3],
  ]);
  const image = (data: Uint8Array, index: number) => data.subarray(index * 3072, (index + 1) * 3072);
  const distance = (a: Uint8Array, b: Uint8Array) =>
    a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0);
  const [own, other] = [
    distance(image(train.images.data, 0), image(test.images.data, 0)),
    distance(image(train.images.data, 1), image(test.images.data, 0)),
  ];
  expect(own).toBeLessThan(other);
  expect(image(train.images.data, 0)).not.toEqual(image(train.images.data, 10));
});

it("gives every network the set that fits it", () => {
  expect([usualDataset("tutorial"), usualDataset("resnet20"), usualDataset("stem224")]).toEqual([
    "mnist",
    "cifar10",
    "synthetic",
  ]);
});
