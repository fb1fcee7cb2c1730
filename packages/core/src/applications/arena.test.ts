import { expect, it } from "vitest";
import { bytesOf } from "../ops/definition.js";
import { aligned, type Plan } from "../plan/index.js";
import { reference } from "../reference/index.js";
import { mobileNetV2, resnet50 } from "./index.js";

/** The most bytes of the arena that are needed at one time: no placement can do with less. */
function liveBytes({ values, ops }: Plan): number {
  const lifetimes = new Map<number, { bytes: number; first: number; last: number }>();
  const byId = new Map(values.map((value) => [value.id, value]));
  // Names for the same memory, such as reshapes, count once: they begin at one place and follow each other.
  const steps = ops.map(({ inputs, outputs, workspace = [] }) => [...inputs, ...outputs, ...[workspace].flat()]);
  steps.forEach((ids, step) => {
    for (const id of ids.filter((candidate) => byId.get(candidate)!.buffer === "arena")) {
      const { first } = lifetimes.get(id) ?? { first: step };
      lifetimes.set(id, { bytes: aligned(bytesOf(byId.get(id)!)), first, last: step });
    }
  });
  const live = (step: number): number => {
    const blocks = [...lifetimes].filter(([, { first, last }]) => first <= step && step <= last);
    return [...new Map(blocks.map(([id, { bytes }]) => [byId.get(id)!.byteOffset, bytes])).values()].reduce(
      (sum, bytes) => sum + bytes,
      0,
    );
  };
  return Math.max(...ops.map((_, step) => live(step)));
}

it.each([
  { make: resnet50, mode: "train" },
  { make: resnet50, mode: "predict" },
  { make: mobileNetV2, mode: "train" },
] as const)(
  "the arena of $make.name at 224x224, batch of 8, $mode, is hardly larger than what is live in it",
  async (network) => {
    const model = network.make();
    model.compile({ backend: await reference(), optimizer: "adam", loss: "categoricalCrossentropy" });
    let printed = "";
    const plan = model.plan({ mode: network.mode, batchSize: 8, print: (text) => (printed = text) });
    expect(printed).toContain(`arena ${(plan.arenaBytes / 1024).toFixed(1)} KB`);
    const bound = liveBytes(plan);
    expect(bound).toBeGreaterThan(2 ** 20);
    expect(plan.arenaBytes / bound).toBeLessThan(1.15);
  },
);
