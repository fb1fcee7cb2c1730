import { expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { ArgumentError, BackendUnavailableError, DeviceError } from "../errors.js";
import { reference } from "../reference/index.js";
import { type BackendChoice, type PickBackendOptions, pickBackend } from "./pickBackend.js";

/** A backend that computes nothing, in the time that is wanted, and tells when it is disposed of. */
async function fake(name: string, { waitMs = 0, software = false, breaks = false } = {}) {
  const backend = await reference();
  const state = { disposed: false };
  const made: Backend = {
    name,
    device: { name: `the device of ${name}`, details: software ? { software } : {} },
    fusions: [],
    supports: (op) => backend.supports(op),
    createBuffer: (label, spec) => backend.createBuffer(label, spec),
    async compile(plan) {
      if (breaks) {
        throw new DeviceError(`${name} is broken`);
      }
      return {
        async run(steps) {
          await new Promise((resolve) => setTimeout(resolve, waitMs));
          return new Float32Array(plan.results.length * steps.count);
        },
        dispose: () => undefined,
      };
    },
    synchronize: () => backend.synchronize(),
    memory: () => backend.memory(),
    async dispose() {
      state.disposed = true;
      await backend.dispose();
    },
  };
  return { made, state, open: async () => made };
}

async function cuda(): Promise<Backend> {
  throw new BackendUnavailableError("cuda: no NVIDIA driver. Install the driver");
}

async function pick(factories: Parameters<typeof pickBackend>[0], options: PickBackendOptions = {}) {
  let choice: BackendChoice | undefined;
  const onChoice = (told: BackendChoice) => {
    choice = told;
  };
  const backend = await pickBackend(factories, { probeMs: 1, ...options, onChoice });
  await backend.dispose();
  return { backend, choice: choice as BackendChoice };
}

it("takes the only one that is there, without measuring it, and says what the others need", async () => {
  const wasm = await fake("wasm");
  const { backend, choice } = await pick([cuda, wasm.open]);
  expect(backend).toBe(wasm.made);
  expect(choice.taken).toEqual({
    name: "wasm",
    device: "the device of wasm",
    reason: "the only one here that computes on real hardware",
  });
  expect(choice.text).toBe(
    "backend wasm (the device of wasm): the only one here that computes on real hardware\n" +
      "not cuda: no NVIDIA driver. Install the driver",
  );
});

it("passes over a GPU that the processor emulates, and takes it where there is nothing else", async () => {
  const [webgpu, wasm] = [await fake("webgpu", { software: true }), await fake("wasm")];
  const { backend, choice } = await pick([webgpu.open, wasm.open]);
  expect(backend).toBe(wasm.made);
  expect(webgpu.state.disposed).toBe(true);
  expect(choice.passedOver).toMatchObject([{ name: "webgpu", reason: expect.stringContaining("emulates a GPU") }]);
  const alone = await fake("webgpu", { software: true });
  expect((await pick([cuda, alone.open])).choice.taken.reason).toContain("there is nothing else");
});

it("measures where several could do: the first, unless a later one is clearly faster", async () => {
  const [slow, quick] = [await fake("webgpu", { waitMs: 100 }), await fake("wasm")];
  const { backend, choice } = await pick([slow.open, quick.open]);
  expect(backend).toBe(quick.made);
  expect(slow.state.disposed).toBe(true);
  expect(choice.taken.reason).toMatch(/^[\d.]+ µs an image, before webgpu with [\d.]+$/);
  const [first, second] = [await fake("cuda"), await fake("wasm", { waitMs: 100 })];
  expect((await pick([first.open, second.open])).backend).toBe(first.made);
});

it("passes over one that fails when it is tried", async () => {
  const [broken, wasm] = [await fake("webgpu", { breaks: true }), await fake("wasm")];
  const { backend, choice } = await pick([broken.open, wasm.open]);
  expect(backend).toBe(wasm.made);
  expect(broken.state.disposed).toBe(true);
  expect(choice.passedOver[0]?.reason).toBe("it failed when it was tried: webgpu is broken");
});

it("says of each why it cannot be used where none can", async () => {
  const other = async (): Promise<Backend> => Promise.reject(new Error("Cannot find package"));
  const picked = pickBackend([cuda, other]);
  await expect(picked).rejects.toThrow(BackendUnavailableError);
  await expect(picked).rejects.toThrow(
    "pickBackend: no backend can be used here\n  - cuda: no NVIDIA driver. Install the driver\n  - other: Cannot find package",
  );
});

it("refuses what opens nothing", async () => {
  await expect(pickBackend([])).rejects.toThrow(ArgumentError);
  await expect(pickBackend(["wasm" as unknown as () => Backend])).rejects.toThrow(
    "number 1 of the list is no function",
  );
  await expect(pickBackend([cuda], { probeTime: 3 } as object)).rejects.toThrow("unknown option probeTime");
  await expect(pickBackend([cuda], { probeMs: 0 })).rejects.toThrow("probeMs is 0");
});
