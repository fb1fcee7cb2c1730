import { DeviceError } from "@convoy/core/backend";
import { afterEach, beforeEach, expect, it } from "vitest";
import { requestAdapter } from "./device/adapter.js";
import { webgpu } from "./index.js";
import { squares, tiny, training } from "./testing/models.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

useSoftwareGpu();

let device: GPUDevice;
beforeEach(async () => {
  device = await (await requestAdapter(undefined)).requestDevice();
});
afterEach(() => device.destroy());

/** What `fit` rejects with. */
async function failure(): Promise<unknown> {
  const backend = await webgpu({ device });
  const model = tiny();
  const { images, labels } = squares(48);
  model.compile({ ...training, backend });
  const error = await model.fit(images, labels, { epochs: 2, batchSize: 16, verbose: 0 }).catch((error) => error);
  await backend.dispose();
  expect(error).toBeInstanceOf(DeviceError);
  return (error as Error).message;
}

it("the error of a kernel that does not compile names its op and layer", async () => {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = ({ label, code }) =>
    create({
      label: label!,
      code: label!.startsWith("fusedConv2d (conv2d") ? code.replace("fn main(", "fn main{") : code,
    });
  expect(await failure()).toMatch(/^webgpu: compiling fusedConv2d \(conv2d\): .*(parsing|expected)/i);
});

it("the error of bindings that are not valid names their op and layer", async () => {
  const create = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor) =>
    create(descriptor.label?.startsWith("fusedDense") ? { ...descriptor, entries: [] } : descriptor);
  expect(await failure()).toMatch(/^webgpu: binding fusedDense.* \(dense\)/);
});

it("the error of a failed allocation names the buffer, its size and the remedy", async () => {
  const scopes: string[] = [];
  const [create, push, pop] = [device.createBuffer, device.pushErrorScope, device.popErrorScope] as const;
  let missing = false;
  device.createBuffer = (descriptor) => {
    missing = descriptor.label === "arena";
    return create.call(device, descriptor);
  };
  device.pushErrorScope = (filter) => {
    scopes.push(filter);
    return push.call(device, filter);
  };
  device.popErrorScope = async () => {
    const fails = scopes.pop() === "out-of-memory" && missing;
    const error = await pop.call(device);
    return fails ? ({ message: "no memory" } as GPUError) : error;
  };
  expect(await failure()).toMatch(/^webgpu: .*"arena".*out of memory; use a smaller batch, model or data set/);
});

it("the error of a step that is not valid names its mode and batch size", async () => {
  const create = device.createBuffer.bind(device);
  const buffers: GPUBuffer[] = [];
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if (descriptor.label === "arena") {
      buffers.push(buffer);
    }
    return buffer;
  };
  const submit = device.queue.submit.bind(device.queue);
  Object.defineProperty(device.queue, "submit", {
    value: (commands: Iterable<GPUCommandBuffer>) => {
      for (const buffer of buffers) {
        buffer.destroy();
      }
      submit(commands);
    },
  });
  expect(await failure()).toMatch(/^webgpu: a train step at batch 16: [\s\S]*destroyed[\s\S]*debug: true/);
});
