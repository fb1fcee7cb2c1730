import { existsSync } from "node:fs";
import {
  type Backend,
  BackendUnavailableError,
  DeviceError,
  type Plan,
  type StepTable,
  stepBytes,
} from "@convoy/core/backend";
import { afterEach, describe, expect, it } from "vitest";
import { CudaDevice } from "./device/device.js";
import { cuda } from "./index.js";
import { countsOf, findEmulator, setEmulator } from "./testing/emulator.js";

const { library, note } = findEmulator();

/** As the emulator is at first. */
const ordinary = {
  devices: 1,
  driverVersion: 13000,
  computeCapability: 90,
  memoryBytes: 2 ** 32,
  eventDelay: 0,
  imageResult: 0,
  failAfterKernels: 0,
  launchResult: 0,
  initResult: 0,
  forkedWorkEarly: 0,
};

async function unavailable(options: Parameters<typeof cuda>[0]): Promise<string> {
  const error = await cuda(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BackendUnavailableError);
  return (error as Error).message;
}

async function deviceError(action: () => unknown): Promise<string> {
  const error = await (async () => action())().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DeviceError);
  return (error as Error).message;
}

const hasDriver = ["/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/usr/lib64/libcuda.so.1"].some((path) =>
  existsSync(path),
);

describe("without a driver", () => {
  it.skipIf(hasDriver || process.platform !== "linux")("says which library was not found", async () => {
    expect(await unavailable({})).toMatch(/^cuda: no NVIDIA driver \(libcuda\.so\.1 not found\)\. Install the driver/);
  });

  it("says that the library asked for cannot be loaded", async () => {
    expect(await unavailable({ library: "/nowhere/libcuda.so.1" })).toMatch(
      /the driver library \/nowhere\/libcuda\.so\.1 cannot be loaded .* Correct the option `library`/,
    );
  });

  it("says that CUDA_DRIVER_LIBRARY is wrong", async () => {
    process.env.CUDA_DRIVER_LIBRARY = "/nowhere/else.so";
    try {
      expect(await unavailable({})).toMatch(
        /\/nowhere\/else\.so cannot be loaded .* Correct or unset CUDA_DRIVER_LIBRARY/,
      );
    } finally {
      delete process.env.CUDA_DRIVER_LIBRARY;
    }
  });

  it("says that a library is no driver", async () => {
    if (process.platform === "linux") {
      expect(await unavailable({ library: "libm.so.6" })).toMatch(
        /libm\.so\.6 has no function cu\w+; .*newer NVIDIA driver/,
      );
    }
  });

  it("refuses options that make no sense", async () => {
    await expect(cuda({ device: -1 })).rejects.toThrow("device is -1, expected a number from 0");
    await expect(cuda({ precision: "half" as never })).rejects.toThrow(
      'precision is "half", expected "float32" or "tf32"',
    );
  });
});

describe.skipIf(library === undefined)(`driver errors on the emulator${note}`, () => {
  let backend: Backend | undefined;
  afterEach(async () => {
    await backend?.dispose();
    backend = undefined;
    setEmulator(library!, ordinary);
  });

  it("no device", async () => {
    setEmulator(library!, { devices: 0 });
    expect(await unavailable({ library: library! })).toMatch(
      /no device: CUDA_ERROR_NO_DEVICE \(100\): check that nvidia-smi/,
    );
  });

  it("no device because the environment hides it", async () => {
    setEmulator(library!, { devices: 0 });
    process.env.CUDA_VISIBLE_DEVICES = "";
    try {
      expect(await unavailable({ library: library! })).toMatch(
        /no device \(CUDA_VISIBLE_DEVICES is ""; unset it to see all\): CUDA_ERROR_NO_DEVICE \(100\)/,
      );
      setEmulator(library!, { devices: 1 });
      process.env.CUDA_VISIBLE_DEVICES = "2";
      expect(await unavailable({ library: library!, device: 2 })).toContain(
        'there is no device 2, the driver has 1 (CUDA_VISIBLE_DEVICES is "2"; unset it to see all), numbered from 0',
      );
    } finally {
      delete process.env.CUDA_VISIBLE_DEVICES;
    }
  });

  it("a device that does not exist", async () => {
    expect(await unavailable({ library: library!, device: 3 })).toContain("there is no device 3, the driver has 1");
  });

  it("a driver that does not fit its kernel module", async () => {
    setEmulator(library!, { initResult: 803 });
    expect(await unavailable({ library: library! })).toMatch(/\(803\): the driver library and the kernel module/);
  });

  it("a driver that is too old", async () => {
    setEmulator(library!, { driverVersion: 10020 });
    expect(await unavailable({ library: library! })).toContain(
      "the NVIDIA driver supports CUDA 10.2, Convoy needs 11.4 (driver R470) or later",
    );
  });

  it("a device that is too old", async () => {
    setEmulator(library!, { computeCapability: 75 });
    expect(await unavailable({ library: library! })).toContain("has compute capability 7.5, Convoy needs 8.0 or later");
  });

  it("an image that the driver refuses", async () => {
    setEmulator(library!, { imageResult: 222 });
    expect(await unavailable({ library: library! })).toMatch(
      /no kernel image for compute capability 9\.0 and a driver for CUDA 13\.0 .*CUDA_ERROR_UNSUPPORTED_PTX_VERSION \(222\)/,
    );
  });

  it("too little memory", async () => {
    setEmulator(library!, { memoryBytes: 2 ** 20 });
    backend = await cuda({ library: library! });
    const message = await deviceError(() => backend!.createBuffer("data", { dtype: "float32", length: 2 ** 20 }));
    expect(message).toContain('cannot allocate 4194304 bytes for "data" on CUDA emulator with 0 of its 1048576 bytes');
    expect(message).toMatch(/CUDA_ERROR_OUT_OF_MEMORY \(2\): use a smaller batch/);
  });

  it("how much memory is free", async () => {
    setEmulator(library!, { memoryBytes: 2 ** 20 });
    backend = await cuda({ library: library! });
    const before = backend.availableBytes!();
    backend.createBuffer("data", { dtype: "uint8", length: 1000 });
    expect([before, backend.availableBytes!()]).toEqual([2 ** 20, 2 ** 20 - 1000]);
  });

  it("too little memory for what a plan's executable needs", async () => {
    setEmulator(library!, { memoryBytes: 2 ** 12 });
    backend = await cuda({ library: library! });
    const arena = backend.createBuffer("arena", { dtype: "uint8", length: 1 });
    expect(await deviceError(() => backend!.compile(empty, { arena }))).toMatch(
      /cannot allocate \d+ bytes for "executable" on CUDA emulator with 4 of its 4096 bytes in use here/,
    );
  });

  const empty = { mode: "test", batchSize: 1, values: [], ops: [], buffers: {}, arenaBytes: 0, results: [] } as const;
  const steps: StepTable = { count: 3, bytes: new Uint8Array(3 * stepBytes) };

  /** Two relus and the end of the step, on one number. */
  const relus = ((): Plan => {
    const relu = (label: string) =>
      ({
        op: "unary",
        attributes: { function: "relu", alpha: 0 },
        inputs: [0],
        outputs: [0],
        updates: [],
        label,
        flops: 0,
        bytes: 0,
      }) as const;
    const number = { id: 0, label: "x", shape: [1], dtype: "float32", buffer: "x", byteOffset: 0 } as const;
    const buffers = { x: { dtype: "float32", length: 64 } } as const;
    return { ...empty, values: [number], ops: [relu("relu_1"), relu("relu_2")], buffers };
  })();

  async function compileRelus(options: Parameters<typeof cuda>[0]) {
    backend = await cuda({ library: library!, ...options });
    const arena = backend.createBuffer("arena", { dtype: "uint8", length: 256 });
    const x = backend.createBuffer("x", relus.buffers.x!);
    return { arena, executable: await backend.compile(relus, { arena, x }) };
  }

  it("a kernel that fails, and all that follows", async () => {
    const { arena, executable } = await compileRelus({});
    await executable.run(steps);
    setEmulator(library!, { failAfterKernels: 5 });
    const message = await deviceError(() => executable.run(steps));
    expect(message).toMatch(
      /CUDA_ERROR_LAUNCH_FAILED \(719\): a kernel failed \(cuda\(\{ debug: true \}\) names its op\)/,
    );
    expect(await deviceError(() => arena.read())).toContain("CUDA_ERROR_LAUNCH_FAILED (719)");
    expect(await deviceError(() => executable.run(steps))).toContain("CUDA_ERROR_LAUNCH_FAILED (719)");
    expect(await deviceError(() => backend!.synchronize())).toContain("CUDA_ERROR_LAUNCH_FAILED (719)");
    // The context goes with its last backend, and what broke it as well.
    await backend!.dispose();
    await (await compileRelus({})).executable.run(steps);
  });

  it("the op whose kernel fails, when asked to debug", async () => {
    const { executable } = await compileRelus({ debug: true });
    const launches = countsOf(library!).graphLaunches;
    await executable.run(steps);
    expect(countsOf(library!).graphLaunches).toBe(launches);
    setEmulator(library!, { failAfterKernels: 5 });
    expect(await deviceError(() => executable.run(steps))).toMatch(
      /running unary for unary \(relu_2\) failed: cuStreamSynchronize gave CUDA_ERROR_LAUNCH_FAILED \(719\)/,
    );
    expect(await deviceError(() => executable.run(steps))).toContain("CUDA_ERROR_LAUNCH_FAILED (719)");
  });

  it("a kernel that a stale image does not have", async () => {
    const device = await CudaDevice.open(0, library!);
    expect(await deviceError(() => device.kernel("newKernel"))).toMatch(
      /^cuda: the kernel image \((ptx|sm_90)\) has no kernel "newKernel": it is older than that kernel\. .*`npm run build:kernels -w packages\/backend-cuda`$/,
    );
    device.dispose();
  });

  it("the op whose kernel cannot be launched", async () => {
    setEmulator(library!, { launchResult: 701 });
    expect(await deviceError(() => compileRelus({}))).toMatch(
      /launching unary for unary \(relu_1\) failed: cuLaunchKernel gave .*\(701\): the device has fewer registers/,
    );
  });

  it("a step on a row that does not exist", async () => {
    backend = await cuda({ library: library! });
    const value = (id: number, buffer: string, rows: number) =>
      ({ id, label: buffer, shape: [rows, 2], dtype: "float32", buffer, byteOffset: 0 }) as const;
    const spec = (rows: number) => ({ dtype: "float32", length: rows * 2 }) as const;
    const gather = {
      op: "gatherRows",
      attributes: { batchSize: 2, scale: 1, dtype: "float32" },
      inputs: [0],
      outputs: [1],
      updates: [],
      label: "data",
      flops: 0,
      bytes: 0,
    } as const;
    const buffers = { source: spec(5), batch: spec(2) };
    const plan = { ...empty, values: [value(0, "source", 5), value(1, "batch", 2)], ops: [gather], buffers };
    const executable = await backend.compile(plan, {
      arena: backend.createBuffer("arena", { dtype: "uint8", length: 1 }),
      source: backend.createBuffer("source", spec(5)),
      batch: backend.createBuffer("batch", spec(2)),
    });
    const words = new Uint32Array(stepBytes / 4);
    words[1] = 4;
    const late = { count: 1, bytes: new Uint8Array(words.buffer) };
    expect(await deviceError(() => executable.run(late))).toContain(
      "a step asked for row 5 of a tensor that has no such row",
    );
  });

  it("waits for events that take their time", async () => {
    backend = await cuda({ library: library! });
    const buffer = backend.createBuffer("data", { dtype: "int32", length: 3 });
    buffer.write(Int32Array.of(1, 2, 3));
    setEmulator(library!, { eventDelay: 50 });
    expect(await buffer.read()).toEqual(Int32Array.of(1, 2, 3));
  });
});
