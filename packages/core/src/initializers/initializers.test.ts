import { describe, expect, it } from "vitest";
import { RandomStream } from "../random/index.js";
import { computeFans, type InitializerName, resolveInitializer } from "./index.js";

const draw = (name: InitializerName, shape: readonly number[]) =>
  resolveInitializer(name).draw(shape, new RandomStream(7, "initializer"));

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

  it("zeros and ones are what they say", () => {
    expect(draw("zeros", [3])).toEqual(new Float32Array(3));
    expect(draw("ones", [3])).toEqual(new Float32Array(3).fill(1));
  });

  it("lists what it knows", () => {
    expect(() => resolveInitializer("xavier" as "zeros")).toThrow(/unknown initializer "xavier".*"glorotUniform"/);
    expect(() => resolveInitializer("glorot_uniform" as "zeros")).toThrow(/did you mean "glorotUniform"/);
  });
});
