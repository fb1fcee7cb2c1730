import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlanValue } from "@convoy/core/backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestAdapter } from "../adapter.js";
import { Device } from "../device.js";
import { type Dispatch, oneOf } from "../dispatch.js";
import { webgpu } from "../index.js";
import { invocations, writes } from "../shader.js";
import { countLiveBuffers } from "../testing/liveBuffers.js";
import { squares, tiny, training } from "../testing/models.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { Choices } from "./choices.js";

useSoftwareGpu();

let gpu: GPUDevice;
let folder: string;
beforeAll(async () => {
  gpu = await (await requestAdapter(undefined)).requestDevice();
  folder = await mkdtemp(join(tmpdir(), "convoy-tuning-"));
});
afterAll(async () => {
  gpu.destroy();
  await rm(folder, { recursive: true });
});

const output: PlanValue = { id: 0, label: "y", shape: [64], dtype: "float32", buffer: "y", byteOffset: 0 };

/** A way that counts to `rounds` before it writes. */
function counting(way: string, rounds: number): Dispatch {
  const body = `var sum = 0.0; for (var i = 0u; i < ${rounds}u + zero; i++) { sum = fma(sum, 0.5, f32(i)); } y[index] = sum;`;
  return invocations(64, body, { label: "counting", way, tensors: { y: writes(output) } });
}

const slow = counting("slow", 100_000);
const fast = counting("fast", 1);

async function deviceOf(name: string, place?: string): Promise<Device> {
  const choices = await Choices.open(name, place);
  return new Device(gpu, { variant: "registers", subgroups: false, precision: "float32" }, choices);
}

async function tunedWay(device: Device, ways: readonly Dispatch[]): Promise<{ way: string; told: number }> {
  let told = 0;
  const [chosen] = await device.tuner!.tune([oneOf(ways)], () => told++);
  return { way: chosen!.way!, told };
}

describe("tuning", () => {
  it("takes the fastest way, wherever it stands, and frees what it measured with", async () => {
    const live = countLiveBuffers(gpu);
    expect(await tunedWay(await deviceOf("order"), [slow, fast])).toEqual({ way: "fast", told: 1 });
    expect(await tunedWay(await deviceOf("order"), [fast, slow])).toEqual({ way: "fast", told: 1 });
    expect(live()).toBe(0);
  });

  it("leaves out a way that does not compile", async () => {
    const broken = { ...fast, way: "broken", code: fast.code.replace("fma(", "fmo(") };
    expect((await tunedWay(await deviceOf("broken"), [broken, slow])).way).toBe("slow");
  });

  it("measures once in a process, and again where a kernel has changed", async () => {
    const first = await deviceOf("once");
    await tunedWay(first, [slow, fast]);
    const second = await deviceOf("once");
    expect((await tunedWay(second, [slow, fast])).way).toBe("fast");
    expect(second.pipelines.size).toBe(0);
    await tunedWay(second, [slow, counting("fast", 2)]);
    expect(second.pipelines.size).toBe(1);
  });

  it("believes what a file says", async () => {
    const file = join(folder, "believed.json");
    await tunedWay(await deviceOf("measured", file), [slow, fast]);
    const kept = JSON.parse(await readFile(file, "utf8")) as Record<string, Record<string, string>>;
    const [key] = Object.keys(kept.measured!);
    expect(kept).toEqual({ measured: { [key!]: "fast" } });
    await writeFile(file, JSON.stringify({ believing: { [key!]: "slow" } }));
    expect((await tunedWay(await deviceOf("believing", file), [slow, fast])).way).toBe("slow");
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
  const [ways] = Object.values(JSON.parse(await readFile(file, "utf8")) as Record<string, Record<string, string>>);
  expect(Object.values(ways!).length).toBeGreaterThan(0);
});
