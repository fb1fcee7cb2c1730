import { wasm } from "@convoy/backend-wasm";
import { validatePlan } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { convolutionPlan } from "./convolutionPlan.js";
import { directions, gridShapes } from "./gridShapes.js";
import { measureGrid } from "./measureGrid.js";

it("has every kernel, stride, channel and size in three directions, but for what takes too long", () => {
  const shapes = gridShapes();
  expect(shapes.length).toBeGreaterThan(400);
  expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(shapes.length);
  expect(Math.max(...shapes.map(({ batch, size, channels }) => batch * size * size * channels))).toBeLessThan(2e7);
});

it("makes plans that are right", async () => {
  const backend = await reference();
  for (const shape of gridShapes().filter(({ size }) => size === 7)) {
    validatePlan(convolutionPlan(backend, shape));
  }
});

it("measures each direction, on backends with and without workspaces", async () => {
  for (const open of [reference, () => wasm({ threads: 1 })]) {
    const backend = await open();
    const shapes = directions.map((direction) => ({
      ...{ direction, kernel: 3, stride: 2, channels: 3, filters: 4, size: 7, batch: 2 },
    }));
    const done: number[] = [];
    const cells = await measureGrid(backend, shapes, (count) => done.push(count), {
      timeMs: 1,
      warmupMs: 1,
      runMs: 0.1,
    });
    expect(cells.map(({ direction }) => direction)).toEqual([...directions]);
    expect(Math.min(...cells.map(({ gflops }) => gflops))).toBeGreaterThan(0);
    expect(done).toEqual([1, 2, 3]);
    expect(backend.memory().usedBytes).toBeLessThan(10_000_000);
    await backend.dispose();
  }
});
