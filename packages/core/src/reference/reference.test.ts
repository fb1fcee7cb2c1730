import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  type Backend,
  type DeviceBuffer,
  DeviceError,
  type Plan,
  PlanError,
  type PlanOp,
  type StepValues,
  UnsupportedOpError,
} from "../backend/index.js";
import { Graph, lower, packSteps } from "../plan/index.js";
import { reference } from "./index.js";

const noStep: StepValues = { iteration: 0, batchStart: 0, learningRate: 0, stepSize: 0, seed: [0, 0] };

function buffersFor(backend: Backend, plan: Plan): Record<string, DeviceBuffer> {
  const specs = { ...plan.buffers, arena: { dtype: "uint8", length: plan.arenaBytes } as const };
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, backend.createBuffer(name, spec)]));
}

/** output[row batchStart] = (x + x) + bias, for x [2,3]; reports the accuracy of the sum against sparse labels. */
function smallPlan(): Plan {
  const graph = new Graph();
  graph.declareBuffer("x", { dtype: "float32", length: 6 });
  graph.declareBuffer("bias", { dtype: "float32", length: 3 });
  graph.declareBuffer("labels", { dtype: "int32", length: 2 });
  graph.declareBuffer("output", { dtype: "float32", length: 12 });
  const x = graph.place("x", { shape: [2, 3], dtype: "float32" }, "x");
  const bias = graph.place("bias", { shape: [3], dtype: "float32" }, "bias");
  const labels = graph.place("labels", { shape: [2], dtype: "int32" }, "labels");
  const output = graph.place("output", { shape: [4, 3], dtype: "float32" }, "output");
  const [twice] = graph.apply("add", [x, x], {});
  const [sum] = graph.apply("biasAdd", [twice!, bias], {});
  const [correct] = graph.apply("accuracy", [sum!, labels], { labels: "sparse" });
  graph.apply("storeRows", [sum!, output], {});
  return lower(graph, { mode: "predict", batchSize: 2, results: [correct!] });
}

async function smallExecutable(backend: Backend) {
  const plan = smallPlan();
  const buffers = buffersFor(backend, plan);
  buffers.x!.write(Float32Array.of(1, 2, 3, 6, 5, 4));
  buffers.bias!.write(Float32Array.of(0, 0, 10));
  buffers.labels!.write(Int32Array.of(2, 0));
  return { plan, buffers, executable: await backend.compile(plan, buffers) };
}

describe("executable", () => {
  test("runs one step a row and returns the results in order", async () => {
    const { buffers, executable } = await smallExecutable(await reference());
    const results = await executable.run(packSteps([noStep, { ...noStep, batchStart: 2 }]));
    expect(results).toEqual(Float32Array.of(1, 1));
    const stored = [2, 4, 16, 12, 10, 18];
    expect([...(await buffers.output!.read())]).toEqual([...stored, ...stored]);
  });

  test("puts values where the plan says", async () => {
    const { plan, buffers, executable } = await smallExecutable(await reference());
    await executable.run(packSteps([noStep]));
    const sum = plan.values.find(({ label }) => label === "biasAdd.output")!;
    const arena = (await buffers.arena!.read()) as Uint8Array;
    expect([...new Float32Array(arena.buffer, sum.byteOffset, 6)]).toEqual([2, 4, 16, 12, 10, 18]);
  });

  test("runs, reads and writes keep their order", async () => {
    const { buffers, executable } = await smallExecutable(await reference());
    const first = executable.run(packSteps([noStep]));
    const sums = buffers.output!.read(0, 3);
    const changed = Float32Array.of(100, 0, 0, 0, 0, 0);
    buffers.x!.write(changed);
    changed.fill(-1);
    const second = executable.run(packSteps([noStep]));
    const newSums = buffers.output!.read(0, 3);
    expect(await first).toEqual(Float32Array.of(1));
    expect(await second).toEqual(Float32Array.of(0));
    expect([...(await sums)]).toEqual([2, 4, 16]);
    expect([...(await newSums)]).toEqual([200, 0, 10]);
  });

  test("a failed run does not stop the next", async () => {
    const { executable } = await smallExecutable(await reference());
    const outside = executable.run(packSteps([{ ...noStep, batchStart: 3 }]));
    const inside = executable.run(packSteps([noStep]));
    await expect(outside).rejects.toThrow(/storeRows: row 4 of a tensor with 4 rows/);
    expect(await inside).toEqual(Float32Array.of(1));
  });

  test("lets timers run during a long run, so that it can be stopped", async () => {
    const backend = await reference();
    const { executable } = await smallExecutable(backend);
    // Far more steps than fit between two looks at the clock: the run would end well if the timer came after it.
    const running = executable.run(packSteps(Array(500_000).fill(noStep)));
    setTimeout(() => backend.dispose());
    await expect(running).rejects.toThrow(DeviceError);
  });

  test("fused ops run as their parts, over values without memory", async () => {
    const plan = smallPlan();
    const [add, bias, ...rest] = plan.ops as [PlanOp, PlanOp, ...PlanOp[]];
    const fused: Plan = {
      ...plan,
      values: plan.values.map((value) => {
        const { buffer: _, ...placeless } = value;
        return value.id === add.outputs[0] ? { ...placeless, byteOffset: 0 } : value;
      }),
      ops: [{ ...bias, op: "fusedDense", inputs: [add.inputs[0]!, bias.inputs[1]!], parts: [add, bias] }, ...rest],
    };
    const backend = await reference();
    const buffers = buffersFor(backend, fused);
    buffers.x!.write(Float32Array.of(1, 2, 3, 6, 5, 4));
    const before = backend.memory().usedBytes;
    const executable = await backend.compile(fused, buffers);
    expect(backend.memory().usedBytes - before).toBe(24);
    await executable.run(packSteps([noStep]));
    expect([...(await buffers.output!.read(0, 6))]).toEqual([2, 4, 6, 12, 10, 8]);
    executable.dispose();
    executable.dispose();
    expect(backend.memory().usedBytes).toBe(before);
  });

  test("float64 storage keeps what float32 would round away", async () => {
    const { plan, buffers, executable } = await smallExecutable(await reference({ storage: "float64" }));
    buffers.x!.write(Float64Array.of(1 + 1e-12, 2, 3, 4, 5, 6));
    expect(await executable.run(packSteps([{ ...noStep, batchStart: 1 }]))).toEqual(Float32Array.of(1));
    const stored = await buffers.output!.read(3, 3);
    expect(stored).toBeInstanceOf(Float64Array);
    expect(stored[0]).toBeCloseTo(2 + 2e-12, 15);
    expect(await buffers.labels!.read()).toEqual(Int32Array.of(2, 0));
    expect(plan.arenaBytes).toBe(buffers.arena!.length);
  });
});

describe("compile", () => {
  test("names a buffer that is missing, too small, of another type or of another backend", async () => {
    const backend = await reference();
    const plan = smallPlan();
    const buffers = buffersFor(backend, plan);
    const { bias: _, ...withoutBias } = buffers;
    await expect(backend.compile(plan, withoutBias)).rejects.toThrow(PlanError);
    await expect(backend.compile(plan, withoutBias)).rejects.toThrow(/"bias"/);
    const small = backend.createBuffer("small", { dtype: "float32", length: 2 });
    await expect(backend.compile(plan, { ...buffers, bias: small })).rejects.toThrow(/"bias" has 2 .* needs 3/);
    const bytes = backend.createBuffer("bytes", { dtype: "uint8", length: 12 });
    await expect(backend.compile(plan, { ...buffers, bias: bytes })).rejects.toThrow(/uint8/);
    const tooSmallArena = backend.createBuffer("arena", { dtype: "uint8", length: plan.arenaBytes - 1 });
    await expect(backend.compile(plan, { ...buffers, arena: tooSmallArena })).rejects.toThrow(/"arena"/);
    const foreign = (await reference()).createBuffer("bias", { dtype: "float32", length: 3 });
    await expect(backend.compile(plan, { ...buffers, bias: foreign })).rejects.toThrow(/another backend/);
  });

  test("refuses a plan whose memory overlaps", async () => {
    const backend = await reference();
    const plan = smallPlan();
    const clash: Plan = {
      ...plan,
      values: plan.values.map((value) => (value.buffer === "arena" ? { ...value, byteOffset: 0 } : value)),
    };
    await expect(backend.compile(clash, buffersFor(backend, plan))).rejects.toThrow(PlanError);
  });

  test("names an op that does not exist", async () => {
    const backend = await reference();
    const plan = smallPlan();
    const unknown = { ...plan.ops[0]!, op: "fft" as PlanOp["op"] };
    const buffers = buffersFor(backend, plan);
    await expect(backend.compile({ ...plan, ops: [unknown] }, buffers)).rejects.toThrow(UnsupportedOpError);
    await expect(backend.compile({ ...plan, ops: [{ ...unknown, parts: [unknown] }] }, buffers)).rejects.toThrow(
      /"fft"/,
    );
    // A name that every object has.
    const inherited = { ...unknown, op: "toString" as PlanOp["op"] };
    await expect(backend.compile({ ...plan, ops: [inherited] }, buffers)).rejects.toThrow(UnsupportedOpError);
  });

  test("reports progress", async () => {
    const backend = await reference();
    const plan = smallPlan();
    const told: number[][] = [];
    await backend.compile(plan, buffersFor(backend, plan), (...progress) => told.push(progress));
    expect(told).toEqual([[4, 4]]);
  });
});

describe("buffers", () => {
  test("start as zeros, take parts and give parts", async () => {
    const backend = await reference();
    const buffer = backend.createBuffer("numbers", { dtype: "int32", length: 4 });
    expect(await buffer.read()).toEqual(Int32Array.of(0, 0, 0, 0));
    buffer.write(Int32Array.of(7, 8), 1);
    expect(await buffer.read(1)).toEqual(Int32Array.of(7, 8, 0));
    expect(await buffer.read(0, 2)).toEqual(Int32Array.of(0, 7));
  });

  test("what was read is a copy", async () => {
    const buffer = (await reference()).createBuffer("numbers", { dtype: "uint8", length: 1 });
    (await buffer.read())[0] = 9;
    expect(await buffer.read()).toEqual(Uint8Array.of(0));
  });

  test("refuse other types and places outside", async () => {
    const buffer = (await reference()).createBuffer("numbers", { dtype: "float32", length: 2 });
    expect(() => buffer.write(Int32Array.of(1))).toThrow(
      /"numbers" holds float32 and takes Float32Array, got Int32Array/,
    );
    expect(() => buffer.write(Float32Array.of(1, 2), 1)).toThrow(ArgumentError);
    await expect(buffer.read(0, 3)).rejects.toThrow(/read 3 elements at 0 of buffer "numbers", which has 2/);
  });

  test("are counted", async () => {
    const backend = await reference();
    const buffer = backend.createBuffer("a", { dtype: "float32", length: 10 });
    backend.createBuffer("b", { dtype: "uint8", length: 10 });
    buffer.dispose();
    buffer.dispose();
    expect(backend.memory()).toEqual({ usedBytes: 10, peakBytes: 50 });
    expect(() => buffer.write(Float32Array.of(1))).toThrow(/"a" has been disposed/);
    await expect(buffer.read()).rejects.toThrow(DeviceError);
  });

  test("say how much memory is missing", async () => {
    const backend = await reference();
    expect(() => backend.createBuffer("huge", { dtype: "float32", length: 2 ** 50 })).toThrow(
      /4503599627370496 bytes for "huge"/,
    );
  });
});

describe("backend", () => {
  test("supports every op that is not fused", async () => {
    const backend = await reference();
    const op = { attributes: {}, inputs: [], outputs: [] };
    expect(backend.supports({ ...op, op: "conv2d" })).toBe(true);
    expect(backend.supports({ ...op, op: "fusedDense", parts: [] })).toMatch(/fused/);
    expect(backend.fusions).toEqual([]);
  });

  test("refuses a storage that it does not have", async () => {
    await expect(reference({ storage: "float16" as "float32" })).rejects.toThrow(/"float16"/);
  });

  test("after dispose runs reject and nothing is left", async () => {
    const backend = await reference();
    const { executable, buffers } = await smallExecutable(backend);
    const running = executable.run(packSteps([noStep]));
    await Promise.all([backend.dispose(), expect(running).rejects.toThrow(DeviceError)]);
    await expect(executable.run(packSteps([noStep]))).rejects.toThrow(DeviceError);
    await expect(buffers.x!.read()).rejects.toThrow(DeviceError);
    expect(() => backend.createBuffer("x", { dtype: "float32", length: 1 })).toThrow(DeviceError);
    expect(backend.memory().usedBytes).toBe(0);
    await backend.dispose();
  });

  test("a run over a buffer that was disposed rejects", async () => {
    const { executable, buffers } = await smallExecutable(await reference());
    buffers.bias!.dispose();
    await expect(executable.run(packSteps([noStep]))).rejects.toThrow(/"bias" has been disposed/);
  });

  test("synchronize waits for what was started", async () => {
    const backend = await reference();
    const { executable } = await smallExecutable(backend);
    let done = false;
    void executable.run(packSteps([noStep])).then(() => {
      done = true;
    });
    await backend.synchronize();
    await Promise.resolve();
    expect(done).toBe(true);
  });
});
