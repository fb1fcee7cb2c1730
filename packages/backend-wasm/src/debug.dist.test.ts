import { type Backend, DeviceError, PlanError, type StepTable } from "@convoy/core/backend";
import { expect, it, vi } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";
import { poolingPlan } from "./testing/poolingPlan.js";
import { digits, smallModel } from "./testing/smallModel.js";

const { wasm } = await builtPackage();

function step(batchStart: number): StepTable {
  return { count: 1, bytes: new Uint8Array(Uint32Array.of(0, batchStart, 0, 0, 0, 0, 0, 0).buffer) };
}

/** Compiles `poolingPlan` with these positions of the maxima. */
async function compilePooling(backend: Backend, positions: readonly number[]) {
  const specs = { ...poolingPlan.buffers, arena: { dtype: "uint8", length: 256 } as const };
  const buffers = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, backend.createBuffer(name, spec)]),
  );
  buffers.source!.write(Float32Array.from({ length: 12 }, (_, i) => i * 10));
  buffers.argmax!.write(Int32Array.from(positions));
  return { executable: await backend.compile(poolingPlan, buffers), dx: buffers.dx! };
}

async function train(debug: boolean, threads: number) {
  const backend = await wasm({ threads, debug });
  try {
    const model = smallModel(backend);
    const { history } = await model.fit(digits.images, digits.labels, { epochs: 2, batchSize: 32, verbose: 0 });
    return { history, weights: (await model.getWeights()).map((tensor) => [...tensor.data]) };
  } finally {
    await backend.dispose();
  }
}

const far = 0x0fff_ffff;

it("trains to the very same numbers with and without debug", async () => {
  const plain = await train(false, 2);
  expect(await train(true, 2)).toEqual(plain);
  expect(await train(true, 1)).toEqual(plain);
});

it.each([1, 2])("names kernel, op and layer of a trap, on %s workers", async (threads) => {
  const backend = await wasm({ threads, shortRunsInline: false, debug: true });
  const sound = await compilePooling(backend, [0, 1, 2, 3]);
  await sound.executable.run(step(1));
  expect([...(await sound.dx.read())].filter((value) => value !== 0)).toEqual([4, 5, 6, 7]);
  const { executable } = await compilePooling(backend, [0, far, 0, 0]);
  const trapped = executable.run(step(0));
  await expect(trapped).rejects.toThrow(DeviceError);
  await expect(trapped).rejects.toThrow(
    /^wasm: kernel maxPool2dBackward of maxPool2dBackward \(max_pooling2d\) failed: worker \d of \d failed: .*out of bounds/,
  );
  // What fails because of that is not blamed on the kernel that happens to be asked for.
  await expect(sound.executable.run(step(0))).rejects.toThrow(/^wasm: worker \d of \d failed/);
  await backend.dispose();
});

it("names them where memory cannot be shared", async () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    const backend = await wasm({ debug: true });
    expect(backend.device.details).toMatchObject({ variant: "single", debug: true });
    const { executable } = await compilePooling(backend, [far, 0, 0, 0]);
    await expect(executable.run(step(0))).rejects.toThrow(
      /^wasm: kernel maxPool2dBackward of maxPool2dBackward \(max_pooling2d\) failed: a step failed: .*out of bounds/,
    );
    await backend.dispose();
  } finally {
    vi.unstubAllGlobals();
  }
});

it("names them where a kernel finds its data at fault, and stays sound", async () => {
  const backend = await wasm({ threads: 2, debug: true });
  const { executable } = await compilePooling(backend, [0, 0, 0, 0]);
  await expect(executable.run(step(3))).rejects.toThrow(
    /^wasm: kernel gatherRows of gatherRows \(data\) failed: gatherRows: row 3 is outside the source/,
  );
  await executable.run(step(2));
  await backend.dispose();
});

it("does not blame a kernel for the end of the backend", async () => {
  const backend = await wasm({ threads: 2, debug: true });
  const fit = smallModel(backend).fit(digits.images, digits.labels, { epochs: 100_000, batchSize: 32, verbose: 0 });
  const outcome = expect(fit).rejects.toThrow(/^wasm: the backend .*disposed/);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await backend.dispose();
  await outcome;
});

it("gives all memory back", async () => {
  const backend = await wasm({ threads: 1, debug: true });
  const { usedBytes } = backend.memory();
  const specs = { ...poolingPlan.buffers, arena: { dtype: "uint8", length: 256 } as const };
  const buffers = Object.entries(specs).map(([name, spec]) => [name, backend.createBuffer(name, spec)] as const);
  const executable = await backend.compile(poolingPlan, Object.fromEntries(buffers));
  executable.dispose();
  for (const [, buffer] of buffers) {
    buffer.dispose();
  }
  expect(backend.memory().usedBytes).toBe(usedBytes);
  await backend.dispose();
});

it("checks plans", async () => {
  const backend = await wasm({ threads: 1, debug: true });
  const compiling = backend.compile({ ...poolingPlan, arenaBytes: 0 }, {});
  await expect(compiling).rejects.toThrow(PlanError);
  await backend.dispose();
});

it("prints the program of a model's plan", async () => {
  const backend = await wasm({ threads: 1 });
  const model = smallModel(backend);
  const text = backend.formatProgram(model.plan({ print() {} }));
  expect(text).toMatch(/^train plan, batch of 32: \d+ stages, \d+ launches/);
  expect(text).toMatch(/conv2dBackwardFilter, \d+ tasks?: fusedConv2dBackward \(conv2d\)\n {4}H=14 W=14 C=1 F=8 /);
  expect(text).toMatch(/adamUpdate, \d+ tasks?: adamUpdate \(optimizer\)\n {4}w=parameters\+0 g=gradients\+0/);
  await backend.dispose();
});
