import { ArgumentError, type Backend, BackendUnavailableError, DeviceError } from "@convoy/core/backend";
import { afterEach, describe, expect, it, vi } from "vitest";
import { requestAdapter } from "./device/adapter.js";
import { findGpu } from "./device/gpu/web.js";
import { webgpu } from "./index.js";
import { countLiveBuffers } from "./testing/liveBuffers.js";
import { simple, squares, tiny, training } from "./testing/models.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

useSoftwareGpu();

async function freshDevice(): Promise<GPUDevice> {
  return await (await requestAdapter(undefined)).requestDevice();
}

describe("where there is no adapter", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("says that the browser has no WebGPU, or why the page does not get it", async () => {
    vi.stubGlobal("navigator", {});
    await expect(findGpu()).rejects.toThrow(BackendUnavailableError);
    await expect(findGpu()).rejects.toThrow(/no navigator\.gpu\. Use a current Chrome.*or another backend/);
    vi.stubGlobal("isSecureContext", false);
    await expect(findGpu()).rejects.toThrow(/secure contexts; serve the page over https or from localhost/);
  });

  it("says what was tried and what to do", async () => {
    vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => null } });
    const attempt = webgpu({ powerPreference: "low-power" });
    await expect(attempt).rejects.toThrow(BackendUnavailableError);
    await expect(attempt).rejects.toThrow(
      /no adapter; tried requestAdapter\({"powerPreference":"low-power"}\), then requestAdapter\({"forceFallbackAdapter":true}\).*install a Vulkan driver/,
    );
  });
});

describe("options", () => {
  it("with values that they do not take are refused", async () => {
    await expect(webgpu({ precision: "float8" as never })).rejects.toThrow(
      new ArgumentError('webgpu: precision is "float8", expected "float32" or "float16"'),
    );
    await expect(webgpu({ kernels: "tile" as never })).rejects.toThrow(
      new ArgumentError('webgpu: kernels is "tile", expected "registers" or "tiled"'),
    );
    await expect(webgpu({ autotune: "choices.json" as never })).rejects.toThrow(
      new ArgumentError('webgpu: autotune is "choices.json", expected true, false or { cache: "file or database" }'),
    );
    await expect(webgpu({ subgroups: "no" as never })).rejects.toThrow(
      new ArgumentError('webgpu: subgroups is "no", expected true or false'),
    );
    await expect(webgpu({ debug: 1 as never })).rejects.toThrow(
      new ArgumentError("webgpu: debug is 1, expected true or false"),
    );
  });
});

describe("a tuning cache that cannot be read", () => {
  it("leaves the adapter as it was", async () => {
    const adapter = await requestAdapter(undefined);
    await expect(webgpu({ adapter, autotune: { cache: import.meta.dirname } })).rejects.toThrow(
      /tuning cache .* cannot be read: .*Name another/,
    );
    await (await webgpu({ adapter })).dispose();
  });
});

describe("limits", () => {
  it("refuses a tensor that is larger than a binding, by name", async () => {
    const backend = await webgpu({ device: await freshDevice() });
    const large = { shape: [64, 1024, 1024], dtype: "float32" } as const;
    expect(backend.supports({ op: "add", attributes: {}, inputs: [large, large], outputs: [large] })).toMatch(
      /input 0 \[64,1024,1024\] takes 268435456 bytes, this adapter binds at most 134217728 .*smaller batch/,
    );
    const small = { shape: [7], dtype: "float32" } as const;
    expect(backend.supports({ op: "add", attributes: {}, inputs: [small, small], outputs: [small] })).toBe(true);
    await backend.dispose();
  });

  it("refuses a buffer that is larger than the device allows, with its size", async () => {
    const backend = await webgpu({ device: await freshDevice() });
    expect(() => backend.createBuffer("images", { dtype: "uint8", length: 2 ** 40 })).toThrow(
      /cannot allocate 1099511627776 bytes for "images".*maxBufferSize/,
    );
    await backend.dispose();
  });
});

describe("a training step", () => {
  it("takes at most 25 dispatches for the small MNIST network", async () => {
    const backend = await webgpu();
    const model = simple();
    model.compile({ ...training, backend });
    const print = vi.fn();
    model.plan({ batchSize: 64, print });
    const [, launches] = /, (\d+) kernel launches,/.exec(print.mock.calls[0]![0])!;
    expect(Number(launches)).toBeLessThanOrEqual(25);
    await backend.dispose();
  });
});

describe("a lost device", () => {
  it("ends fit in a DeviceError, and training goes on from the last weights on another", async () => {
    const device = await freshDevice();
    const lost = await webgpu({ device });
    const { images, labels } = squares(60);
    const model = tiny();
    model.compile({ ...training, backend: lost });
    const start = await model.evaluate(images, labels, { verbose: 0 });
    const fitting = model.fit(images, labels, {
      epochs: 5,
      batchSize: 16,
      verbose: 0,
      callbacks: [
        {
          onEpochEnd: (epoch) => {
            if (epoch === 1) {
              device.destroy();
            }
          },
        },
      ],
    });
    await expect(fitting).rejects.toThrow(DeviceError);
    await expect(fitting).rejects.toThrow(/device is lost: it was destroyed. Make another with webgpu\(\)/);
    expect(() => lost.createBuffer("late", { dtype: "float32", length: 1 })).toThrow(DeviceError);

    const message = await fitting.then(String, String);
    const [, initialEpoch] = /compile it with another backend and call fit again with initialEpoch: (\d)$/.exec(
      message,
    )!;
    const kept = await model.getWeights();

    const backend = await webgpu();
    model.compile({ ...training, backend });
    expect(await model.getWeights()).toEqual(kept);
    const options = { epochs: 5, initialEpoch: Number(initialEpoch), batchSize: 16, verbose: 0 } as const;
    const { history } = await model.fit(images, labels, options);
    expect(history.loss![0]).toBeLessThan(start.loss!);
    expect(history.loss!.at(-1)!).toBeLessThan(history.loss![0]!);
    await backend.dispose();
  });

  it("loses nothing that fit has reached, while nothing runs", async () => {
    const device = await freshDevice();
    const { images, labels } = squares(60);
    const model = tiny();
    model.compile({ ...training, backend: await webgpu({ device }) });
    await model.fit(images, labels, { epochs: 2, batchSize: 16, verbose: 0 });
    const trained = await model.getWeights();
    const expected = await model.evaluate(images, labels, { verbose: 0 });
    device.destroy();
    expect(await model.getWeights()).toEqual(trained);
    await expect(model.predict(images)).rejects.toThrow(/The model holds its weights; compile it with another backend/);

    const backend = await webgpu();
    model.compile({ ...training, backend });
    expect(await model.evaluate(images, labels, { verbose: 0 })).toEqual(expected);
    await backend.dispose();
  });

  it("rejects the run under way", async () => {
    const device = await freshDevice();
    const backend = await webgpu({ device });
    const { images, labels } = squares(60);
    const model = tiny();
    model.compile({ ...training, backend });
    let step = 0;
    const onBatchEnd = (): void => {
      step++;
      if (step === 2) {
        setTimeout(() => device.destroy());
      }
    };
    const fitting = model.fit(images, labels, { epochs: 500, batchSize: 16, verbose: 0, callbacks: [{ onBatchEnd }] });
    await expect(fitting).rejects.toThrow(DeviceError);
  });
});

describe("dispose", () => {
  it("frees every buffer, with executables and data sets still there", async () => {
    const device = await freshDevice();
    const live = countLiveBuffers(device);
    const backend: Backend = await webgpu({ device });
    const { images, labels } = squares(50);
    const model = tiny();
    model.compile({ ...training, backend });
    await model.fit(images, labels, { epochs: 2, batchSize: 16, verbose: 0 });
    await model.evaluate(images, labels, { verbose: 0 });
    await model.predict(images);
    backend.createBuffer("odd bytes", { dtype: "uint8", length: 7 }).write(Uint8Array.of(1, 2, 3), 1);
    expect(live()).toBeGreaterThan(0);
    await backend.dispose();
    expect(live()).toBe(0);
    expect(backend.memory().usedBytes).toBe(0);
    device.destroy();
  });

  it("rejects a run that is under way", async () => {
    const backend = await webgpu();
    const { images, labels } = squares(60);
    const model = tiny();
    model.compile({ ...training, backend });
    const onProgress = (): void => {
      setTimeout(() => void backend.dispose());
    };
    const fitting = model.fit(images, labels, { epochs: 500, batchSize: 16, verbose: 0, callbacks: [{ onProgress }] });
    await expect(fitting).rejects.toThrow(DeviceError);
  });
});
