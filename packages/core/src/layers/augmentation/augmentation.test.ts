import { describe, expect, it } from "vitest";
import { dataset } from "../../datasets/index.js";
import { augment, layers, type Tensor, type TensorInput } from "../../index.js";
import { RandomStream } from "../../random/index.js";
import type { Layer } from "../layer.js";
import { symmetricBeta } from "./beta.js";
import { StepDraws } from "./stepDraws.js";

const image = (rows: readonly (readonly number[])[]): Tensor<Float32Array> => ({
  data: Float32Array.from(rows.flat()),
  shape: [1, rows.length, rows[0]!.length, 1],
});

/** The same image many times. */
function copies({ data, shape: [, ...sample] }: Tensor, count: number): Tensor<Float32Array> {
  return { data: Float32Array.from(Array.from({ length: count }, () => [...data]).flat()), shape: [count, ...sample] };
}

/** Samples of a tensor as plain arrays. */
function samples({ data, shape }: Tensor): number[][] {
  const size = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, row) => [...data.subarray(row * size, (row + 1) * size)]);
}

/** What a layer that leaves nothing to chance makes of an image. */
async function changed(rows: readonly (readonly number[])[], layer: Layer | readonly Layer[]): Promise<number[]> {
  return [...(await augment(image(rows), layer)).data].map((value) => Number(value.toFixed(4)));
}

const square = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];

describe("layers that move pixels", () => {
  it("turn counter-clockwise by a positive factor, in turns", async () => {
    const quarter = (factor: number) => layers.randomRotation({ factor: [factor, factor] });
    expect(await changed(square, quarter(0.25))).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
    expect(await changed(square, quarter(-0.25))).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
    expect(await changed(square, quarter(0.5))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it("zoom away by a positive factor, about the centre, both ways alike unless told otherwise", async () => {
    const zoom = (heightFactor: number, widthFactor?: number) =>
      layers.randomZoom({
        heightFactor: [heightFactor, heightFactor],
        ...(widthFactor === undefined ? {} : { widthFactor: [widthFactor, widthFactor] as const }),
        fillMode: "constant",
      });
    expect(await changed(square, zoom(1))).toEqual([0, 0, 0, 0, 5, 0, 0, 0, 0]);
    expect(await changed(square, zoom(-0.5))).toEqual([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7]);
    expect(await changed(square, zoom(0, -1))).toEqual([2, 2, 2, 5, 5, 5, 8, 8, 8]);
  });

  it("shift down and to the right by positive factors, shares of the size", async () => {
    const shift = (heightFactor: number, widthFactor: number) =>
      layers.randomTranslation({
        heightFactor: [heightFactor, heightFactor],
        widthFactor: [widthFactor, widthFactor],
        ...{ fillMode: "constant", fillValue: -1 },
      });
    expect(await changed(square, shift(1 / 3, 0))).toEqual([-1, -1, -1, 1, 2, 3, 4, 5, 6]);
    expect(await changed(square, shift(0, -2 / 3))).toEqual([3, -1, -1, 6, -1, -1, 9, -1, -1]);
  });

  it("shear about the corner, to either side", async () => {
    const layer = layers.randomShear({ xFactor: [1, 1], fillMode: "constant" });
    const all = new Set(
      (await Promise.all([0, 1, 2, 3, 4, 5].map((seed) => augment(image(square), layer, { seed })))).map(String),
    );
    expect(all.size).toBe(1);
    const kinds = samples(await augment(copies(image(square), 32), layer)).map((values) => values.join(" "));
    expect([...new Set(kinds)].sort()).toEqual(["1 2 3 0 4 5 0 0 7", "1 2 3 5 6 0 9 0 0"]);
  });

  it("flip each way in half of the cases", async () => {
    const kinds = async (mode: "horizontal" | "vertical" | "horizontalAndVertical") => {
      const pair = [
        [1, 2],
        [3, 4],
      ];
      const all = samples(await augment(copies(image(pair), 400), layers.randomFlip({ mode }))).map((values) =>
        values.join(" "),
      );
      const counts = new Map<string, number>();
      for (const kind of all) {
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
      return counts;
    };
    const horizontal = await kinds("horizontal");
    expect([...horizontal.keys()].sort()).toEqual(["1 2 3 4", "2 1 4 3"]);
    // Five deviations of a fair coin thrown 400 times are 50.
    expect(Math.abs(horizontal.get("2 1 4 3")! - 200)).toBeLessThan(50);
    expect([...(await kinds("vertical")).keys()].sort()).toEqual(["1 2 3 4", "3 4 1 2"]);
    expect((await kinds("horizontalAndVertical")).size).toBe(4);
  });

  it("crop at a place of each image's own, and take the middle where they are smaller", async () => {
    const four = image([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
      [13, 14, 15, 16],
    ]);
    const crops = await augment(copies(four, 100), layers.randomCrop({ height: 2, width: 3 }));
    expect(crops.shape).toEqual([100, 2, 3, 1]);
    const kinds = new Set(samples(crops).map((values) => values.join(" ")));
    expect(kinds.size).toBe(6);
    expect(kinds.has("1 2 3 5 6 7") && kinds.has("10 11 12 14 15 16")).toBe(true);
    expect(await changed([[1, 2, 3, 4, 5, 6]], layers.randomCrop({ height: 2, width: 2 }))).toEqual([3, 3, 3, 3]);
  });

  it("read around a piece that was cut out, and fill beyond the image", async () => {
    const blank: Tensor = { data: new Float32Array(100 * 8 * 8), shape: [100, 8, 8, 1] };
    const down = { heightFactor: [0.5, 0.5], widthFactor: [0, 0], fillMode: "constant", fillValue: 1 } as const;
    const pieces = samples(
      await augment(blank, [layers.randomCrop({ height: 4, width: 4 }), layers.randomTranslation(down)]),
    );
    // By two rows: of pieces from row 0 on both are beyond the image, from row 1 on one, from others none.
    const filled = pieces.map((piece) => piece.reduce((sum, value) => sum + value, 0));
    expect([...new Set(filled)].sort()).toEqual([0, 4, 8]);
    expect(filled.filter((count) => count === 0).length).toBeGreaterThan(40);
  });

  it("draw evenly from the range", async () => {
    const bright = layers.randomBrightness({ factor: [0.2, 0.6], valueRange: [0, 1] });
    const values = [...(await augment({ data: new Float32Array(2000), shape: [2000, 1, 1, 1] }, bright)).data];
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0.2);
    expect(Math.max(...values)).toBeLessThan(0.6);
    // Five deviations of the mean: 0.4 / sqrt(12 * 2000) = 0.0026.
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 2000 - 0.4)).toBeLessThan(0.013);
  });
});

describe("layers in a row", () => {
  const turn = () => layers.randomRotation({ factor: [0.1, 0.1] });
  const back = () => layers.randomRotation({ factor: [-0.1, -0.1] });

  it("are one resampling: a turn and its opposite leave no trace", async () => {
    expect(await changed(square, [turn(), back()])).toEqual(square.flat());
    expect(await changed(square, [turn(), layers.rescaling({ scale: 1 }), back()])).not.toEqual(square.flat());
  });

  it("are done in their order", async () => {
    const right = layers.randomTranslation({ heightFactor: 0, widthFactor: [1 / 3, 1 / 3], fillMode: "constant" });
    const quarter = layers.randomRotation({ factor: [0.25, 0.25], fillMode: "constant" });
    expect(await changed(square, [right, quarter])).toEqual([2, 5, 8, 1, 4, 7, 0, 0, 0]);
    expect(await changed(square, [quarter, right])).toEqual([0, 3, 6, 0, 2, 5, 0, 1, 4]);
  });

  it("stay two where they fill unlike, and flips go along with any", async () => {
    const shift = (fillMode: "constant" | "nearest") =>
      layers.randomTranslation({ heightFactor: 0, widthFactor: [1 / 3, 1 / 3], fillMode, fillValue: 9 });
    expect(await changed([[1, 2, 3]], [shift("constant"), shift("nearest")])).toEqual([9, 9, 1]);
    expect(await changed([[1, 2, 3]], [shift("nearest"), shift("constant")])).toEqual([9, 1, 1]);
    const flipped = [layers.randomFlip({ mode: "horizontal" }), shift("constant")];
    expect([
      [9, 1, 2],
      [9, 3, 2],
    ]).toContainEqual(await changed([[1, 2, 3]], flipped));
  });
});

describe("several images of one sample", () => {
  const moving = (interpolation: "nearest" | "bilinear") => [
    layers.randomFlip(),
    layers.randomTranslation({ heightFactor: [1 / 3, 2 / 3], widthFactor: 1 / 3, interpolation }),
  ];

  it("move alike where layers of the same options run with the same seed and step", async () => {
    const left = image(square);
    const right: Tensor<Float32Array> = { ...left, data: left.data.map((value) => -value) };
    const pairs = dataset(function* () {
      for (let sample = 0; sample < 8; sample++) {
        yield [left, right] as const;
      }
    });
    const seen = new Set<string>();
    for await (const [a, b] of pairs.map(async (pair, { position }) => {
      const [one, other] = pair.map((own) => augment(own, moving("bilinear"), { seed: 1, iteration: position }));
      return [await one!, await other!] as const;
    })) {
      expect([...b.data]).toEqual([...a.data].map((value) => -value));
      seen.add(String(a.data));
    }
    expect(seen.size).toBeGreaterThan(4);
  });

  it("are resampled each in its own way, and moved alike", async () => {
    // Shifted by whole pixels, both ways give the same.
    const shift = (interpolation: "nearest" | "bilinear") => [
      layers.randomFlip(),
      layers.randomCrop({ height: 2, width: 2 }),
      layers.randomTranslation({ heightFactor: 0, widthFactor: 0, interpolation }),
    ];
    for (let iteration = 0; iteration < 8; iteration++) {
      const [smooth, nearest] = await Promise.all(
        (["bilinear", "nearest"] as const).map((way) => augment(image(square), shift(way), { seed: 2, iteration })),
      );
      expect([...nearest!.data]).toEqual([...smooth!.data]);
    }
  });

  it("draw anew in a model with an input for each, as Keras' layers do", () => {
    const shape = [3, 3, 1] as const;
    const layer = layers.randomTranslation({ heightFactor: 0.5, widthFactor: 0.5 });
    const inputs = [0, 1].map((tensor) => ({ tensor, shape }));
    const calls = inputs.map(({ tensor }) => ({
      layer: { layer, name: "shift", path: "shift" },
      instance: tensor,
      inputs: [tensor],
      output: tensor + 2,
    }));
    const [left, right] = new StepDraws({ inputs, outputs: [{ tensor: 2 }, { tensor: 3 }], calls }).draw(1, 0, 4);
    expect(left).toHaveLength(right!.length);
    expect(left).not.toEqual(right);
  });
});

describe("layers that change colours", () => {
  const pixel = (...values: number[]): Tensor => ({ data: Float32Array.from(values), shape: [1, 1, 1, values.length] });
  const one = async (layer: Layer, ...values: number[]) =>
    [...(await augment(pixel(...values), layer)).data].map((value) => Number(value.toFixed(3)));

  it("brightness, within the range of values", async () => {
    const layer = layers.randomBrightness({ factor: [0.1, 0.1] });
    expect(await one(layer, 1, 2, 250)).toEqual([26.5, 27.5, 255]);
    expect(await one(layers.randomBrightness({ factor: [-1, -1], valueRange: [0, 1] }), 0.3, 1)).toEqual([0, 0]);
  });

  it("inversion, of those that are chosen", async () => {
    expect(await one(layers.randomInvert({ factor: [1, 1] }), 0, 100)).toEqual([255, 155]);
    expect(await one(layers.randomInvert({ factor: [0, 0], valueRange: [0, 1] }), 0, 0.25)).toEqual([0, 0.25]);
    const half = await augment(
      { data: new Float32Array(400), shape: [400, 1, 1, 1] },
      layers.randomInvert({ factor: [0.5, 0.5] }),
    );
    expect(Math.abs(half.data.filter((value) => value === 255).length - 200)).toBeLessThan(50);
  });

  it("contrast, around the mean of each image", async () => {
    const range = { factor: 0.5, valueRange: [0, 100] } as const;
    const images: Tensor = { data: Float32Array.of(40, 60, 20, 40), shape: [2, 1, 2, 1] };
    const [a, b] = samples(await augment(images, layers.randomContrast(range)));
    expect([a![0]! + a![1]!, b![0]! + b![1]!].map((sum) => Number(sum.toFixed(3)))).toEqual([100, 60]);
    expect(a![1]! - a![0]!).not.toBeCloseTo(b![1]! - b![0]!, 3);
    for (const [low, high] of [a!, b!]) {
      expect(high! - low!).toBeGreaterThan(9.999);
      expect(high! - low!).toBeLessThan(30.001);
    }
  });

  it.each([[[0.1]], [[0.1, 0.2, 0.3]], [null], [2]])(
    "contrast refuses %j, which is neither a number nor two",
    (factor) => {
      expect(() => layers.randomContrast({ factor: factor as never })).toThrow(
        `randomContrast: factor is ${JSON.stringify(factor)}, expected a number or two from 0 to 1`,
      );
    },
  );

  it("hue and saturation", async () => {
    const hue = layers.randomHue({ factor: [1, 1], valueRange: [0, 1] });
    expect(await one(hue, 1, 0, 0)).toEqual([0, 1, 1]);
    expect(await one(layers.randomSaturation({ factor: [0.5, 0.5], valueRange: [0, 1] }), 0.5, 1, 0.75)).toEqual([
      0.5, 1, 0.75,
    ]);
    expect(await one(layers.randomSaturation({ factor: [0, 0] }), 100, 200, 150)).toEqual([200, 200, 200]);
    expect(await one(layers.randomSaturation({ factor: [1, 1] }), 100, 200, 150)).toEqual([0, 200, 100]);
    await expect(one(hue, 1)).rejects.toThrow("randomHue expects RGB images, 3 channels, got 1");
  });
});

describe("layers that change regions", () => {
  const blank: Tensor = { data: new Float32Array(200 * 100), shape: [200, 10, 10, 1] };

  it("erase a box of the share of each side that was drawn", async () => {
    const layer = layers.randomErasing({ factor: [1, 1], scale: [0.25, 0.25], fillValue: 7 });
    for (const values of samples(await augment(blank, layer))) {
      expect(values.filter((value) => value === 7).length).toBe(25);
    }
    const half = samples(await augment(blank, layers.randomErasing({ factor: [0.5, 0.5], fillValue: [7] })));
    expect(Math.abs(half.filter((values) => values.includes(7)).length - 100)).toBeLessThan(36);
  });

  it("fill it with noise within the range of values", async () => {
    const layer = layers.randomErasing({ factor: [1, 1], scale: [0.5, 0.5], valueRange: [-1, 2] });
    const values = samples(await augment(blank, layer)).map((own) => own.filter((value) => value !== 0));
    expect(new Set(values.map(String)).size).toBe(200);
    expect(Math.min(...values.flat())).toBe(-1);
    expect(Math.max(...values.flat())).toBe(2);
    await expect(augment(blank, layers.randomErasing({ fillValue: [1, 2] }))).rejects.toThrow(
      "2 numbers, the images have 1 channels",
    );
  });

  it("blur by weights that add up to 1", async () => {
    const dot = image([
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ]);
    const layer = layers.gaussianBlur({ factor: [1, 1], kernelSize: [5, 3], sigma: [1, 1] });
    const { data } = await augment(dot, layer);
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    const [side, middle, far] = [Math.exp(-0.5), 1, Math.exp(-2)];
    expect(data[12]).toBeCloseTo((middle / (1 + 2 * side)) * (middle / (1 + 2 * side + 2 * far)), 5);
    expect(data[2]! / data[12]!).toBeCloseTo(far, 5);
    expect(data[10]).toBe(0);
    expect([...(await augment(dot, layers.gaussianBlur({ factor: [0, 0] }))).data]).toEqual([...dot.data]);
  });
});

describe("layers that mix", () => {
  const count = 12;
  const images: Tensor = {
    data: Float32Array.from({ length: count * 36 }, (_, i) => Math.floor(i / 36)),
    shape: [count, 6, 6, 1],
  };
  const labels: Tensor<Float32Array> = {
    data: Float32Array.from({ length: count ** 2 }, (_, i) => Number(i % (count + 1) === 0)),
    shape: [count, count],
  };
  /** The mean of the class numbers, weighted with the labels. */
  const expected = (own: readonly number[]): number => own.reduce((sum, share, number) => sum + share * number, 0);

  it.each([
    ["mixUp", () => layers.mixUp({ alpha: 1 })],
    ["cutMix", () => layers.cutMix()],
  ] as const)("%s: the labels follow the pixels", async (_, layer) => {
    const [x, y] = await augment(images, layer(), { labels, seed: 4 });
    let mixes = 0;
    samples(x).forEach((pixels, row) => {
      const own = samples(y)[row]!;
      expect(pixels.reduce((sum, value) => sum + value, 0) / 36).toBeCloseTo(expected(own), 4);
      expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      mixes += own.filter((share) => share > 0).length - 1;
    });
    expect(mixes).toBeGreaterThan(2);
  });

  it("refuse class numbers", async () => {
    const numbers = Int32Array.from({ length: count }, (_, row) => row);
    await expect(augment(images, layers.mixUp(), { labels: numbers })).rejects.toThrow("toCategorical");
    const [, unmixed] = await augment(images, layers.randomFlip(), { labels: numbers });
    expect([...unmixed.data]).toEqual([...numbers]);
    await expect(augment(images, layers.mixUp(), { labels: [...numbers] })).rejects.toThrow("class numbers");
  });

  it("take rows of bytes for one-hot, and plain zeros and ones for labels of two classes", async () => {
    const bytes: Tensor = { data: Uint8Array.from(labels.data), shape: labels.shape };
    const mixed = async (own: TensorInput) =>
      (await augment(images, layers.mixUp({ alpha: 1 }), { labels: own, seed: 4 }))[1];
    expect((await mixed(bytes)).data).toEqual((await mixed(labels)).data);
    const two = Array.from({ length: count }, (_, row) => row % 2);
    expect([...(await mixed(two)).data].some((label) => label > 0 && label < 1)).toBe(true);
  });

  it("draw weights from the beta distribution", () => {
    for (const [alpha, variance] of [
      [0.2, 1 / (4 * 1.4)],
      [1, 1 / 12],
      [5, 1 / (4 * 11)],
      [1e-6, 1 / 4],
    ] as const) {
      const stream = new RandomStream(1, "augmentation");
      const drawn = Array.from({ length: 4000 }, () => symmetricBeta(stream, alpha));
      expect(drawn.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(Math.abs(drawn.reduce((sum, value) => sum + value, 0) / 4000 - 0.5)).toBeLessThan(
        5 * Math.sqrt(variance / 4000),
      );
      const found = drawn.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / 4000;
      expect(Math.abs(found / variance - 1)).toBeLessThan(0.1);
    }
  });
});

describe("options", () => {
  it.each([
    [
      () => layers.randomRotation({ factor: 1.5 }),
      "randomRotation: factor is 1.5, expected a number or two from -1 to 1",
    ],
    [() => layers.randomZoom({ heightFactor: [-2, 0] }), "randomZoom: heightFactor is [-2,0]"],
    [() => layers.randomShear(), "both 0"],
    [
      () => layers.randomContrast({ factor: -0.1 }),
      "randomContrast: factor is -0.1, expected a number or two from 0 to 1",
    ],
    [() => layers.randomFlip({ mode: "horizontal_and_vertical" as never }), 'did you mean "horizontalAndVertical"?'],
    [() => layers.randomTranslation({ heightFactor: 0.1 } as never), "option widthFactor is missing"],
    [() => layers.randomRotation({ factor: 0.1, fill_mode: "wrap" } as never), "did you mean fillMode?"],
    [() => layers.randomRotation({ factor: 0.1, fillMode: "mirror" as never }), 'unknown fill mode "mirror"'],
    [() => layers.randomBrightness({ factor: 0.1, valueRange: [1, 0] }), "valueRange is [1,0]"],
    [() => layers.randomCrop({ height: 0, width: 3 }), "randomCrop: height is 0"],
    [() => layers.gaussianBlur({ kernelSize: 4 }), "expected odd numbers"],
    [() => layers.mixUp({ alpha: 0 }), "mixUp: alpha is 0"],
    [() => layers.cutMix({ factor: 2 }), "cutMix: factor is 2"],
  ])("%# are checked", (make, message) => {
    expect(make).toThrow(message);
  });

  it("layers that are trained belong into models", async () => {
    await expect(augment(image(square), layers.conv2d({ filters: 1, kernelSize: 1 }))).rejects.toThrow(
      "has weights that are trained",
    );
    await expect(augment(image(square), layers.randomFlip(), { labels: [1, 2] })).rejects.toThrow(
      "not as many as the images",
    );
  });
});
