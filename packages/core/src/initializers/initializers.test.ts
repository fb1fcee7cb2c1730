import { describe, expect, it } from "vitest";
import { RandomStream } from "../random/index.js";
import {
  computeFans,
  constant,
  heNormal,
  type Initializer,
  type InitializerName,
  identity,
  orthogonal,
  resolveInitializer,
  varianceScaling,
} from "./index.js";

const draw = (option: InitializerName | Initializer, shape: readonly number[]) =>
  resolveInitializer(option).draw(shape, new RandomStream(7, "initializer"));

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return {
    mean,
    deviation: Math.sqrt(variance),
    largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  };
}

describe("fans", () => {
  it("count the receptive field of a kernel HWIO: 3x3 of 32 to 64 channels has 288 and 576", () => {
    expect(computeFans([3, 3, 32, 64])).toEqual({ fanIn: 288, fanOut: 576 });
    expect(computeFans([576, 64])).toEqual({ fanIn: 576, fanOut: 64 });
    expect(computeFans([64])).toEqual({ fanIn: 64, fanOut: 64 });
  });

  it("take a depthwise kernel [KH,KW,C,M] as Keras does", () => {
    expect(computeFans([3, 3, 32, 2])).toEqual({ fanIn: 288, fanOut: 18 });
  });
});

describe("distributions, as Keras documents them", () => {
  const kernel = [3, 3, 32, 64] as const;

  it("glorotUniform fills [-limit, limit) evenly, limit = sqrt(6 / (fanIn + fanOut))", () => {
    const limit = Math.sqrt(6 / (288 + 576));
    const { mean, deviation, largest } = moments(draw("glorotUniform", kernel));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.999 * limit);
    expect(Math.abs(mean)).toBeLessThan(0.02 * limit);
    // A uniform distribution has a third of the limit squared as variance; a normal one would not end at the limit.
    expect(deviation).toBeCloseTo(limit / Math.sqrt(3), 3);
  });

  it("heNormal has deviation sqrt(2 / fanIn) and ends at two untruncated deviations", () => {
    const expected = Math.sqrt(2 / 288);
    const { deviation, largest } = moments(draw("heNormal", kernel));
    expect(deviation / expected).toBeGreaterThan(0.98);
    expect(deviation / expected).toBeLessThan(1.02);
    expect(largest).toBeLessThanOrEqual((2 * expected) / 0.87962566 + 1e-6);
  });

  it.each([
    ["glorotNormal", Math.sqrt(2 / (288 + 576))],
    ["lecunNormal", Math.sqrt(1 / 288)],
    ["heUniform", Math.sqrt(2 / 288)],
    ["lecunUniform", Math.sqrt(1 / 288)],
    ["randomNormal", 0.05],
    ["randomUniform", 0.05 / Math.sqrt(3)],
    ["truncatedNormal", 0.05 * 0.8796256610342398],
  ] as const)("%s has deviation %d", (name, expected) => {
    expect(moments(draw(name, kernel)).deviation / expected).toBeCloseTo(1, 1.5);
  });

  it.each([
    [{}, Math.sqrt(1 / 288)],
    [{ scale: 2, mode: "fanOut" }, Math.sqrt(2 / 576)],
    [{ scale: 3, mode: "fanAvg", distribution: "untruncatedNormal" }, Math.sqrt(3 / 432)],
    [{ scale: 0.5, distribution: "uniform" }, Math.sqrt(0.5 / 288)],
  ] as const)("varianceScaling(%o) has deviation %d", (options, expected) => {
    const { mean, deviation, largest } = moments(draw(varianceScaling(options), kernel));
    expect(deviation / expected).toBeCloseTo(1, 1.5);
    expect(Math.abs(mean)).toBeLessThan(0.02 * expected);
    const { distribution = "truncatedNormal" } = options as { distribution?: string };
    const limits: Record<string, number> = { uniform: Math.sqrt(3), truncatedNormal: 2 / 0.8796256610342398 };
    const limit = (limits[distribution] ?? Number.POSITIVE_INFINITY) * expected;
    expect(largest).toBeLessThanOrEqual(limit + 1e-6);
    if (distribution === "untruncatedNormal") {
      expect(largest).toBeGreaterThan(3 * expected);
    }
  });

  it("named ones are what the functions make", () => {
    expect(draw("heNormal", kernel)).toEqual(draw(heNormal(), kernel));
    expect(draw("heNormal", kernel)).toEqual(draw(varianceScaling({ scale: 2 }), kernel));
  });

  it("zeros, ones and constants are what they say", () => {
    expect(draw("zeros", [3])).toEqual(new Float32Array(3));
    expect(draw("ones", [3])).toEqual(new Float32Array(3).fill(1));
    expect(draw(constant(0.5), [3])).toEqual(new Float32Array(3).fill(0.5));
  });

  it("varianceScaling refuses options out of range", () => {
    expect(() => varianceScaling({ scale: 0 })).toThrow(/varianceScaling: scale is 0/);
    expect(() => varianceScaling({ mode: "fan_in" as "fanIn" })).toThrow(/mode "fan_in": did you mean "fanIn"/);
    expect(() => varianceScaling({ distribution: "normal" as "uniform" })).toThrow(
      /unknown varianceScaling distribution/,
    );
  });

  it("lists what it knows", () => {
    expect(() => resolveInitializer("xavier" as "zeros")).toThrow(/unknown initializer "xavier".*"glorotUniform"/);
    expect(() => resolveInitializer("glorot_uniform" as "zeros")).toThrow(/did you mean "glorotUniform"/);
  });
});

describe("matrices", () => {
  /** The largest difference between the products of all vectors with each other and those of orthonormal ones. */
  function deviationFromOrthonormal(values: Float32Array, rows: number, columns: number): number {
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const at = (vector: number, i: number) =>
      rows < columns ? values[vector * columns + i]! : values[i * columns + vector]!;
    let largest = 0;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) {
          product += at(a, i) * at(b, i);
        }
        largest = Math.max(largest, Math.abs(product - (a === b ? 1 : 0)));
      }
    }
    return largest;
  }

  it.each([[[7, 7]], [[64, 20]], [[20, 64]], [[3, 3, 5, 16]], [[1, 1, 5, 16]], [[1, 9]]])(
    "orthogonal of %o: columns, or the fewer rows, are orthonormal to 1e-5",
    (shape) => {
      const columns = shape.at(-1)!;
      const values = draw("orthogonal", shape);
      expect(deviationFromOrthonormal(values, values.length / columns, columns)).toBeLessThan(1e-5);
    },
  );

  it("orthogonal depends on the seed and is scaled by gain", () => {
    const once = draw("orthogonal", [4, 4]);
    expect(orthogonal().draw([4, 4], new RandomStream(8, "initializer"))).not.toEqual(once);
    expect(draw(orthogonal({ gain: 2 }), [4, 4])).toEqual(once.map((value) => 2 * value));
  });

  it("identity has ones on the diagonal, times gain", () => {
    expect([...draw("identity", [2, 3])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect([...draw(identity({ gain: 3 }), [3, 2])]).toEqual([3, 0, 0, 3, 0, 0]);
  });

  it("refuse shapes that are no matrices", () => {
    expect(() => draw("orthogonal", [5])).toThrow(/orthogonal: shape \[5\] is no matrix/);
    expect(() => draw("identity", [3, 3, 1, 1])).toThrow(/identity: shape \[3,3,1,1\] is no matrix, expected two axes/);
  });
});
