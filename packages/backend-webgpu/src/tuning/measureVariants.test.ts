import type { PlanValue } from "@convoy/core/backend";
import { DeviceError, windowGeometry } from "@convoy/core/backend";
import { afterEach, beforeEach, expect, it } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { Device } from "../device/device.js";
import { kernelTarget } from "../device/kernelTarget.js";
import type { Conv2dSpec } from "../product/conv2dSpec.js";
import { conv2dTiled } from "../product/conv2dTiled.js";
import { Pipelines } from "../run/pipelines.js";
import { countLiveBuffers } from "../testing/liveBuffers.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { slotsIn } from "../wgsl/momentSlots.js";
import { invocations, reads, writes } from "../wgsl/shader.js";
import { measureVariants } from "./measureVariants.js";

useSoftwareGpu();

let gpu: GPUDevice;
let device: Device;
beforeEach(async () => {
  gpu = await (await requestAdapter(undefined)).requestDevice();
  device = new Device(gpu);
});
afterEach(() => gpu.destroy());

const length = 4096;
const tensor = (id: number, label: string): PlanValue => {
  return { id, label, shape: [length], dtype: "float32", buffer: "arena", byteOffset: id * length * 4 };
};
const [input, output] = [tensor(0, "x"), tensor(1, "y")];

/** Doubles the first `count` numbers after going round a loop `rounds` times. */
function doubling(variant: string, rounds: number, count = length): Dispatch {
  const body = `
    var extra = 0.0;
    for (var i = 0u; i < ${rounds}u + zero; i++) { extra = fma(extra, 0.5, 0.0); }
    y[index] = 2.0 * x[index] + extra;`;
  return invocations(count, body, { label: "doubling", variant, tensors: { x: reads(input), y: writes(output) } });
}

const fast = doubling("fast", 1);
const slow = doubling("slow", 20_000);

async function measured(variants: readonly Dispatch[]): Promise<string[]> {
  return [...(await measureVariants(variants, device, new Pipelines(gpu))).keys()].map(({ variant }) => variant!);
}

it("times a variant that does a thousand times as much as slower, or gives it up", async () => {
  const live = countLiveBuffers(gpu);
  const times = await measureVariants([slow, fast], device, new Pipelines(gpu));
  expect(times.get(fast)!).toBeLessThan(times.get(slow) ?? Number.POSITIVE_INFINITY);
  expect(live()).toBe(0);
  expect(device.memory.info.usedBytes).toBe(0);
});

it("leaves out a variant that does not compile", async () => {
  const broken = { ...fast, variant: "broken", code: fast.code.replace("fma(", "fmo(") };
  expect(await measured([broken, fast])).toEqual(["fast"]);
  expect(await measured([broken])).toEqual([]);
});

it("leaves out a variant that does less than the first", async () => {
  expect(await measured([fast, doubling("half of it", 1, length / 2)])).toEqual(["fast"]);
});

it("keeps a variant that computes in float16 over a long sum", async () => {
  const [M, N, K] = [64, 64, 512];
  const matrix = (id: number, label: string, shape: readonly number[]): PlanValue => {
    return { id, label, shape, dtype: "float32", buffer: label, byteOffset: 0 };
  };
  const tensors = {
    a: reads(matrix(0, "a", [M, K])),
    b: reads(matrix(1, "b", [K, N])),
    y: writes(matrix(2, "y", [M, N])),
  };
  const product = (variant: string, rounded: string): Dispatch => {
    const body = `
    var sum = 0.0;
    for (var first = 0u; first < ${K}u + zero; first += 16u) {
      var part = 0.0;
      for (var k = first; k < first + 16u; k++) {
        part = rounded(part + rounded(a[index / ${N}u * ${K}u + k]) * rounded(b[k * ${N}u + index % ${N}u]));
      }
      sum += part;
    }
    y[index] = sum;`;
    const declarations = `fn rounded(x: f32) -> f32 { return ${rounded}; }`;
    return invocations(M * N, body, { label: "product", variant, tensors, declarations });
  };
  const variants = [product("float16", "unpack2x16float(pack2x16float(vec2f(x, 0.0))).x"), product("float32", "x")];
  expect((await measured(variants)).sort()).toEqual(["float16", "float32"]);
});

it("keeps variants of a convolution that leave the statistics of different workgroups", async () => {
  const place = (
    id: number,
    label: string,
    shape: readonly number[],
    dtype: "float32" | "uint8" = "float32",
  ): PlanValue => {
    return { id, label, shape, dtype, buffer: label, byteOffset: 0 };
  };
  const [input, output] = [place(0, "x", [4, 8, 8, 4]), place(2, "y", [4, 8, 8, 64])];
  const attributes = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] } as const;
  const spec: Conv2dSpec = {
    label: "convolution",
    ...{ input, kernel: place(1, "k", [3, 3, 4, 64]), output, F: 64, epilogue: {} },
    window: windowGeometry(input.shape, [3, 3], output.shape, attributes),
    moments: { slots: slotsIn(place(3, "workspace", [0], "uint8"), 32, 64) },
  };
  const target = kernelTarget(gpu, { style: "tiled", subgroups: false, precision: "float32", tunes: true });
  const all = [...conv2dTiled(spec, { ...target, pickVariant: ([first]) => first })];
  const variants = all.filter(({ variant }) => /^tiled (64x64|32x32) by 4x4$/.test(variant!));
  expect(variants).toHaveLength(2);
  expect(await measured(variants)).toHaveLength(2);
});

it("measures nothing where the buffers cannot be had", async () => {
  const live = countLiveBuffers(gpu);
  const huge = { ...input, shape: [2 ** 40] };
  const bindings = fast.bindings.map((binding) => (binding.written ? binding : { ...binding, tensor: huge }));
  expect(await measured([{ ...fast, bindings }])).toEqual([]);
  expect(live()).toBe(0);
});

it("rejects where the device is lost", async () => {
  const measuring = measureVariants([slow, fast], device, new Pipelines(gpu));
  gpu.destroy();
  await expect(measuring).rejects.toThrow(DeviceError);
});
