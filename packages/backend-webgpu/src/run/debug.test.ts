import { type Backend, DeviceError, type Plan, PlanError } from "@convoy/core/backend";
import { conformanceCases, runCase } from "@convoy/core/conformance";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { webgpu } from "../index.js";
import { squares, tiny, training } from "../testing/models.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

useSoftwareGpu();

const { images, labels } = squares(48);
const options = { epochs: 2, batchSize: 16, verbose: 0, seed: 3 } as const;

it("changes no bit of the results", async () => {
  const found: unknown[] = [];
  for (const debug of [false, true]) {
    const backend = await webgpu({ debug });
    expect(backend.device.details.debug).toBe(debug);
    const model = tiny();
    model.compile({ ...training, backend });
    const { history } = await model.fit(images, labels, options);
    found.push({ history, weights: await model.getWeights(), predictions: await model.predict(images) });
    await backend.dispose();
    expect(backend.memory().usedBytes).toBe(0);
  }
  expect(found[1]).toEqual(found[0]);
});

describe("the contract", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await webgpu({ debug: true });
  });
  afterAll(() => backend.dispose());

  // Runs wait for their dispatches, so the order of runs, reads and writes is kept otherwise than without debug.
  for (const test of conformanceCases({ levels: ["smoke"] })) {
    it(`${test.name}, in debug mode`, ({ skip }) => runCase(test, backend, skip), 60_000);
  }

  it("refuses a plan that breaks its own rules", async () => {
    const plan: Plan = {
      mode: "test",
      batchSize: 1,
      values: [{ id: 0, label: "g", shape: [4], dtype: "float32", buffer: "g", byteOffset: 256 }],
      ops: [],
      buffers: { g: { dtype: "float32", length: 4 } },
      arenaBytes: 256,
      results: [],
    };
    const specs = { ...plan.buffers, arena: { dtype: "uint8", length: 256 } as const };
    const buffers = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, backend.createBuffer(name, spec)]),
    );
    const compiling = backend.compile(plan, buffers);
    await expect(compiling).rejects.toThrow(PlanError);
    await expect(compiling).rejects.toThrow(/value g \(16 bytes at 256\) does not fit buffer "g"/);
  });
});

describe("a dispatch that fails", () => {
  let device: GPUDevice;
  beforeEach(async () => {
    device = await (await requestAdapter(undefined)).requestDevice();
  });
  afterEach(() => device.destroy());

  /** What `fit` rejects with. */
  async function failure(): Promise<string> {
    const backend = await webgpu({ device, debug: true });
    const model = tiny();
    model.compile({ ...training, backend });
    const error = await model.fit(images, labels, options).catch((error) => error);
    await backend.dispose();
    expect(error).toBeInstanceOf(DeviceError);
    return (error as Error).message;
  }

  it("is named with op, layer and kernel", async () => {
    const create = device.createBindGroup.bind(device);
    device.createBindGroup = (descriptor) => {
      if (descriptor.label !== "fusedDense (dense)") {
        return create(descriptor);
      }
      const [{ binding, resource }, ...entries] = [...descriptor.entries] as [
        GPUBindGroupEntry,
        ...GPUBindGroupEntry[],
      ];
      const { offset = 0, size, buffer } = resource as GPUBufferBinding;
      const gone = device.createBuffer({ size: buffer.size, usage: buffer.usage });
      const bindGroup = create({
        ...descriptor,
        entries: [{ binding, resource: { buffer: gone, offset, size: size! } }, ...entries],
      });
      gone.destroy();
      return bindGroup;
    };
    expect(await failure()).toMatch(
      /^webgpu: a train step at batch 16, step 1 of \d+: dispatch \d+ of \d+, fusedDense \(dense\), kernel "registers, .*": .*destroyed/,
    );
  });

  it("is named where the device is lost with it", async () => {
    const create = device.createCommandEncoder.bind(device);
    let last = "";
    device.createCommandEncoder = (descriptor) => {
      last = descriptor?.label ?? "";
      return create(descriptor);
    };
    const submit = device.queue.submit.bind(device.queue);
    Object.defineProperty(device.queue, "submit", {
      value: (commands: Iterable<GPUCommandBuffer>) => {
        submit(commands);
        if (last.includes("fusedSoftmaxLoss")) {
          device.destroy();
        }
      },
    });
    expect(await failure()).toMatch(
      /^webgpu: a train step at batch 16, step 1 of \d+: dispatch \d+ of \d+, fusedSoftmaxLoss \(loss\): webgpu: the device is lost/,
    );
  });
});
