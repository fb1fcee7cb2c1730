import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceError, type PlanValue } from "@convoy/core/backend";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { Device } from "../device/device.js";
import { webgpu } from "../index.js";
import { Pipelines } from "../run/pipelines.js";
import { squares, tiny, training } from "../testing/models.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { type Dispatch, withAlternatives } from "../wgsl/dispatch.js";
import { invocations, writes } from "../wgsl/shader.js";
import { Choices } from "./choices.js";
import { Tuner } from "./tuner.js";

useSoftwareGpu();

let gpu: GPUDevice;
let device: Device;
let folder: string;
beforeAll(async () => {
  gpu = await (await requestAdapter(undefined)).requestDevice();
  device = new Device(gpu);
  folder = await mkdtemp(join(tmpdir(), "convoy-tuning-"));
});
afterAll(async () => {
  gpu.destroy();
  await rm(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const output: PlanValue = { id: 0, label: "y", shape: [64], dtype: "float32", buffer: "y", byteOffset: 0 };

function variant(name: string, value = 1): Dispatch {
  return invocations(64, `y[index] = f32(${value});`, { label: "op", variant: name, tensors: { y: writes(output) } });
}

const [slow, fast] = [variant("slow"), variant("fast")];

/** A measurement by name; what is not named is left out. */
const measureAs = (times: Readonly<Record<string, number>>) =>
  vi.fn(async (variants: readonly Dispatch[]) => {
    const known = variants.filter(({ variant: name }) => times[name!] !== undefined);
    return new Map(known.map((dispatch) => [dispatch, times[dispatch.variant!]!]));
  });

const asNamed = () => measureAs({ slow: 9, fast: 1 });

async function tunedVariant(tuner: Tuner, variants: readonly Dispatch[]): Promise<string> {
  const [chosen] = await tuner.tune([withAlternatives(variants, true)], () => undefined);
  return chosen!.variant!;
}

async function tunerFor(name: string, place?: string, measure = asNamed()): Promise<Tuner> {
  return new Tuner(device, new Pipelines(gpu), await Choices.open(name, place), measure);
}

describe("a choice", () => {
  it("is the fastest variant, wherever it stands", async () => {
    expect(await tunedVariant(await tunerFor("order 1"), [slow, fast])).toBe("fast");
    expect(await tunedVariant(await tunerFor("order 2"), [fast, slow])).toBe("fast");
  });

  it("is the first variant where nothing can be measured, and is not remembered then", async () => {
    const nothing = measureAs({});
    const tuner = await tunerFor("nothing", undefined, nothing);
    expect(await tunedVariant(tuner, [slow, fast])).toBe("slow");
    expect(await tunedVariant(tuner, [slow, fast])).toBe("slow");
    expect(nothing).toHaveBeenCalledTimes(2);
  });

  it("is told of once for each alternative, measured or remembered", async () => {
    const tuner = await tunerFor("told");
    for (let time = 0; time < 2; time++) {
      const onReady = vi.fn();
      await tuner.tune([withAlternatives([slow, fast], true), variant("alone", 3)], onReady);
      expect(onReady).toHaveBeenCalledTimes(1);
    }
  });

  it("holds for all backends on the device, and until a kernel changes", async () => {
    const measures = [asNamed(), asNamed(), asNamed()];
    // Two are there before either has measured anything.
    const [first, second] = [
      await tunerFor("all", undefined, measures[0]),
      await tunerFor("all", undefined, measures[1]),
    ];
    await tunedVariant(first!, [slow, fast]);
    await tunedVariant(second!, [slow, variant("fast", 2)]);
    const third = await tunerFor("all", undefined, measures[2]);
    expect(await tunedVariant(third, [slow, fast])).toBe("fast");
    expect(await tunedVariant(third, [slow, variant("fast", 2)])).toBe("fast");
    expect(measures.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
  });

  it("is not made on a device that fails in the middle", async () => {
    const lost = await (await requestAdapter(undefined)).requestDevice();
    const failing = new Device(lost);
    const measure = vi.fn(async (variants: readonly Dispatch[]) => {
      lost.destroy();
      await lost.lost;
      return new Map([[variants[0]!, 0]]);
    });
    const tuner = new Tuner(failing, new Pipelines(lost), await Choices.open("failing", undefined), measure);
    await expect(tunedVariant(tuner, [slow, fast])).rejects.toThrow(DeviceError);
    expect(await tunedVariant(await tunerFor("failing"), [slow, fast])).toBe("fast");
  });
});

describe("a cache", () => {
  const contentOf = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));

  it("is believed", async () => {
    const file = join(folder, "believed.json");
    await tunedVariant(await tunerFor("measured", file), [slow, fast]);
    const kept = (await contentOf(file)) as Record<string, Record<string, string>>;
    const [key] = Object.keys(kept.measured!);
    expect(kept).toEqual({ measured: { [key!]: "fast" } });
    await writeFile(file, JSON.stringify({ believing: { [key!]: "slow" } }));
    const measure = asNamed();
    expect(await tunedVariant(await tunerFor("believing", file, measure), [slow, fast])).toBe("slow");
    expect(measure).not.toHaveBeenCalled();
  });

  it("also gets what was found out before it was asked for", async () => {
    const file = join(folder, "later.json");
    await tunedVariant(await tunerFor("later"), [slow, fast]);
    await tunedVariant(await tunerFor("later", file), [slow, fast]);
    expect(Object.values((await contentOf(file)) as object)).toHaveLength(1);
  });

  it("that cannot be written costs a warning, and is written as soon as it can be", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const file = join(folder, "blocked", "choices.json");
    const tuner = await tunerFor("blocked", file);
    await writeFile(join(folder, "blocked"), "");
    expect(await tunedVariant(tuner, [slow, fast])).toBe("fast");
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/tuning cache .*choices.json cannot be/));
    await rm(join(folder, "blocked"));
    await mkdir(join(folder, "blocked"));
    await tunedVariant(tuner, [slow, fast]);
    expect(Object.values((await contentOf(file)) as object)).toHaveLength(1);
  });
});

it("a tuned network trains like any other", async () => {
  const file = join(folder, "network.json");
  const { images, labels } = squares(48);
  const losses: number[] = [];
  for (const autotune of [false, { cache: file }]) {
    const backend = await webgpu({ autotune });
    expect(backend.device.details.autotune).toBe(autotune !== false);
    const model = tiny();
    model.compile({ ...training, backend });
    const { history } = await model.fit(images, labels, { epochs: 2, batchSize: 16, verbose: 0, seed: 3 });
    losses.push(history.loss!.at(-1)!);
    await backend.dispose();
  }
  expect(losses[1]).toBeCloseTo(losses[0]!, 4);
  const [variants] = Object.values(JSON.parse(await readFile(file, "utf8")) as Record<string, Record<string, string>>);
  expect(Object.values(variants!).length).toBeGreaterThan(0);
});

it("dispose in the middle of tuning ends fit", async () => {
  const own = await (await requestAdapter(undefined)).requestDevice();
  const backend = await webgpu({ device: own, autotune: true });
  const { images, labels } = squares(48);
  const model = tiny();
  model.compile({ ...training, backend });
  const fitting = model.fit(images, labels, { epochs: 1, batchSize: 12, verbose: 0 });
  await new Promise((resolve) => setTimeout(resolve, 30));
  await backend.dispose();
  await expect(fitting).rejects.toThrow(/the backend has been disposed/);
  own.destroy();
});
