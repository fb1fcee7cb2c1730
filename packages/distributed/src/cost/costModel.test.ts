import { describe, expect, it } from "vitest";
import { allReduceSeconds, shareOf, slowestOf, stepCost } from "./costModel.js";
import { trainingPlan } from "./planning.js";
import { devices, formatSimulation, machineStepSeconds, networks, simulate, simulatedModels } from "./simulation.js";

const network = { name: "test", bytesPerSecond: 1e9, latencySeconds: 1e-5 };

describe("a sum over ranks", () => {
  it("costs nothing alone, and by the formulas of ring and tree otherwise", () => {
    expect(allReduceSeconds("ring", 1, 1e6, network)).toBe(0);
    expect(allReduceSeconds("ring", 4, 1e6, network)).toBeCloseTo(6 * (1e-5 + 0.25e-3), 12);
    expect(allReduceSeconds("tree", 5, 1e6, network)).toBeCloseTo(6e-5 + 2e-3, 12);
  });
});

describe("ranks on one machine", () => {
  const core = { name: "core", flopsPerSecond: 1e9, bytesPerSecond: 1e10, stepSeconds: 1e-3, jitter: 0 };

  it("have a core each, take turns beyond that, and share the memory", () => {
    const machine = { cores: 2, bytesPerSecond: 3e10 };
    expect(shareOf(machine, 2, core)).toEqual(core);
    expect(shareOf(machine, 4, core)).toMatchObject({ flopsPerSecond: 5e8, bytesPerSecond: 5e9, stepSeconds: 2e-3 });
    expect(shareOf({ ...machine, cores: 8 }, 6, core)).toMatchObject({ flopsPerSecond: 1e9, bytesPerSecond: 5e9 });
  });

  it("wait for the slowest: the largest of so many normal numbers", () => {
    // Tables of order statistics: 0.564, 1.029 and 2.249 for 2, 4 and 50.
    expect([1, 2, 4, 50].map(slowestOf)).toEqual([
      0,
      ...[0.564, 1.029, 2.249].map((value) => expect.closeTo(value, 1)),
    ]);
  });

  it("are as fast as those of the machine that was measured, within 10%", () => {
    // docs/distributed.md: `simple`, 64 samples a rank, 2 cores.
    for (const [ranks, milliseconds] of [
      [1, 7.55],
      [2, 8.72],
      [4, 21.6],
    ] as const) {
      expect(Math.abs((1e3 * machineStepSeconds("simple", 64, ranks, 2)) / milliseconds - 1)).toBeLessThan(0.1);
    }
  });
});

describe("a step", () => {
  const plan = trainingPlan(simulatedModels.resnet50(), 2, 8);

  it("sums every gradient and moving statistic up, in buckets", () => {
    const values = new Map(plan.values.map((value) => [value.id, value]));
    const numbers = plan.ops
      .filter(({ op }) => op === "allReduce")
      .map(({ inputs: [input] }) => values.get(input!)!.shape.reduce((size, length) => size * length, 1));
    const { parameters, results } = { parameters: plan.buffers.parameters!.length, results: plan.results.length };
    // The gaps of alignment between weights count on either side.
    expect(numbers.reduce((sum, length) => sum + length, 0)).toBeGreaterThan(0.99 * parameters);
    expect(numbers.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(parameters + results);
    expect(numbers.filter((length) => length * 4 >= 4 * 2 ** 20).length).toBeGreaterThan(10);
  });

  it("hides sums behind the backward pass as far as it lasts", () => {
    const { computeSeconds, communicationSeconds, exposedSeconds, seconds } = stepCost(
      plan,
      8,
      devices.gpu!,
      networks[1]!,
      "ring",
    );
    expect(exposedSeconds).toBeLessThan(communicationSeconds);
    expect(seconds).toBeCloseTo(computeSeconds + exposedSeconds, 12);
    const slow = stepCost(plan, 8, devices.gpu!, { ...networks[1]!, bytesPerSecond: 1e7 }, "ring");
    // All but what comes before the first sum waits.
    expect(slow.seconds).toBeGreaterThan(slow.communicationSeconds);
    expect(slow.seconds).toBeLessThan(slow.communicationSeconds + computeSeconds);
  });
});

describe("the simulation", () => {
  it("has efficiency 1 alone and loses on slower networks and with more ranks", () => {
    const speeds = simulate({ model: "simple", batchPerRank: 16, device: devices.core! });
    const efficiency = (ranks: number, name: string): number =>
      speeds.find((speed) => speed.ranks === ranks && speed.network === name && speed.algorithm === "ring")!.efficiency;
    expect(efficiency(1, "10 Gbit/s")).toBe(1);
    expect(efficiency(64, "10 Gbit/s")).toBeLessThan(efficiency(64, "100 Gbit/s"));
    expect(efficiency(1024, "100 Gbit/s")).toBeLessThan(efficiency(8, "100 Gbit/s"));
  });

  it("says what it assumes", () => {
    const text = formatSimulation({ model: "simple", batchPerRank: 16, device: devices.core!, ranks: [1, 1024] });
    expect(text).toMatch(/1024 .*%/);
    expect(text).toMatch(/Assumed: a step of .* GFLOP and 0.4\d+ MB of sums/);
  });
});
