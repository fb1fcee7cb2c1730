import { expect, it } from "vitest";
import { type Backend, DeviceError, fusedNames } from "../../backend/index.js";
import * as layers from "../../layers/index.js";
import { sequential } from "../../model/index.js";
import type { CaseInput } from "../../ops/opCase.js";
import type { KernelCall } from "../../reference/index.js";
import { reference, referenceKernels } from "../../reference/index.js";
import type { Tensor, TensorData } from "../../tensor.js";
import { caseStream, fillTensor } from "../fill.js";
import { type ComparisonOptions, comparePlans, formatComparison, type PlanComparison } from "../index.js";

type Call = KernelCall<Readonly<Record<string, unknown>>>;
/** A wrong kernel, given the right one. */
type Defect = (call: Call, right: (call: Call) => void) => void;

/** The reference with wrong kernels, which are there only while this backend runs; in its fused ops alone where told so. */
async function defective(defects: Readonly<Record<string, Defect>>, changes: Partial<Backend> = {}): Promise<Backend> {
  const sound = await reference();
  const kernels = referenceKernels as unknown as Record<string, (call: Call) => void>;
  return {
    name: "defective",
    device: sound.device,
    fusions: [],
    supports: (op) => op.parts !== undefined || sound.supports(op),
    createBuffer: (label, spec) => sound.createBuffer(label, spec),
    async compile(plan, buffers) {
      const executable = await sound.compile(plan, buffers);
      const fuses = (changes.fusions ?? []).length > 0;
      const isWrong = !fuses || plan.ops.some(({ parts }) => parts !== undefined);
      return {
        async run(steps) {
          const right = { ...kernels };
          for (const [op, defect] of Object.entries(isWrong ? defects : {})) {
            kernels[op] = (call) => defect(call, right[op]!);
          }
          try {
            return await executable.run(steps);
          } finally {
            Object.assign(kernels, right);
          }
        },
        dispose: () => executable.dispose(),
      };
    },
    synchronize: () => sound.synchronize(),
    memory: () => sound.memory(),
    dispose: () => sound.dispose(),
    ...changes,
  };
}

/** A kernel that is off by `by` in one element of its first output, where that has this many elements. */
function offBy(by: number, element: number, elements?: number): Defect {
  return (call, right) => {
    right(call);
    const { data } = call.outputs[0]!;
    if (elements === undefined || data.length === elements) {
      data[element] = data[element]! + by;
    }
  };
}

const network = () =>
  sequential([
    layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", padding: "same", inputShape: [8, 8, 1] }),
    layers.maxPooling2d(),
    layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
    layers.flatten(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 5, activation: "softmax" }),
  ]);

function tensor<T extends TensorData>(shape: number[], fill: CaseInput["fill"], dtype: CaseInput["dtype"]): Tensor<T> {
  return { shape, data: fillTensor({ shape, dtype, fill }, caseStream("comparePlans", shape.length)) as T };
}

const x = tensor<Float32Array>([6, 8, 8, 1], { kind: "normal", mean: 0, deviation: 1 }, "float32");
const y = tensor<Int32Array>([6], { kind: "integers", low: 0, high: 4 }, "int32");
const training: ComparisonOptions = {
  loss: "sparseCategoricalCrossentropy",
  optimizer: "adam",
  metrics: ["accuracy"],
};

/** Compares the reference with `backend` and makes sure that neither keeps anything. */
async function compare(
  backend: Backend,
  options: ComparisonOptions = training,
  labels = true,
): Promise<PlanComparison> {
  const right = await reference();
  const report = await comparePlans(network(), right, backend, labels ? [x, y] : [x], options);
  expect([right.memory().usedBytes, backend.memory().usedBytes]).toEqual([0, 0]);
  return report;
}

/** The ops that differ. */
const wrong = ({ ops }: PlanComparison): string[] =>
  ops.filter(({ status }) => status === "differs").map(({ op, layer }) => `${op} ${layer}`);

it("finds no difference between a backend and itself, and leaves the model as it was", async () => {
  const model = network();
  const before = await model.getWeights();
  const report = await comparePlans(model, await reference(), await reference(), { x, y }, training);
  expect(report).toMatchObject({ mode: "train", batchSize: 6, fused: true });
  expect(report.first).toBeUndefined();
  expect(report.ops.every(({ status, maxError }) => status === "agrees" && maxError === 0)).toBe(true);
  expect(report.ops.map(({ op }) => op)).toEqual(
    expect.arrayContaining(["gatherRows", "conv2d", "dropout", "softmaxCrossEntropy", "accuracy", "adamUpdate"]),
  );
  expect(report.wholeStep).toBe("agrees");
  expect(formatComparison(report)).toMatch(
    /\nAll \d+ ops compared agree within the tolerance, and so does B's whole step with its ops one by one\.$/,
  );
  expect(await model.getWeights()).toEqual(before);
});

it("names op, layer and element of a wrong forward op, and that alone: the error does not spread", async () => {
  const report = await compare(await defective({ conv2d: offBy(0.25, 7, 6 * 2 * 2 * 4) }));
  expect(wrong(report)).toEqual(["conv2d conv2d_1"]);
  expect(report.first).toMatchObject({ op: "conv2d", layer: "conv2d_1", output: "output", value: "conv2d_1.output" });
  expect(report.first).toMatchObject({ shape: [6, 2, 2, 4], index: [0, 0, 1, 3], differing: 1, readOnly: false });
  expect(report.first!.b - report.first!.a).toBeCloseTo(0.25);
  expect(formatComparison(report)).toMatch(
    /\nThe first difference is in conv2d, layer conv2d_1, element \[0,0,1,3\] of output \[6,2,2,4\] .* apart where .* is allowed; 1 of its elements differ\.$/,
  );
});

it("names op, layer and element of a wrong backward op", async () => {
  const report = await compare(await defective({ conv2dBackwardFilter: offBy(0.01, 100, 3 * 3 * 3 * 4) }));
  expect(wrong(report)).toEqual(["conv2dBackwardFilter conv2d_1"]);
  expect(report.first).toMatchObject({
    ...{ op: "conv2dBackwardFilter", layer: "conv2d_1", shape: [3, 3, 3, 4], index: [2, 2, 1, 0], differing: 1 },
  });
});

it("names layer, parameter and element of a wrong update", async () => {
  const adamUpdate: Defect = (call, right) => {
    right(call);
    // The second parameter in the flat buffer, which starts at a multiple of 64, is the bias of the first layer.
    call.inputs[2]!.data[65] = 1;
  };
  const report = await compare(await defective({ adamUpdate }));
  expect(wrong(report)).toEqual(["adamUpdate optimizer"]);
  expect(report.first).toMatchObject({
    ...{ op: "adamUpdate", layer: "conv2d", output: "firstMoment", value: "conv2d/bias", shape: [3], index: [1], b: 1 },
  });
});

it("compares a step of prediction where there are no labels", async () => {
  const storeRows: Defect = (call, right) => {
    right(call);
    call.inputs[1]!.data[4] = -1;
  };
  const report = await compare(await defective({ storeRows }), {}, false);
  expect(report.mode).toBe("predict");
  expect(report.ops.some(({ op }) => op.endsWith("Update") || op === "dropout")).toBe(false);
  expect(report.first).toMatchObject({ op: "storeRows", layer: "predictions", output: "destination", index: [0, 4] });
});

it("compares a fused op with its parts, and its parts one by one where told so", async () => {
  const backend = await defective({ biasAdd: offBy(10, 0) }, { fusions: fusedNames });
  const report = await compare(backend);
  expect(wrong(report)).toEqual(["fusedConv2d conv2d", "fusedConv2d conv2d_1", "fusedDense dense"]);
  expect(report.first).toMatchObject({ op: "fusedConv2d", parts: ["conv2d", "biasAdd", "maxPool2d", "unary"] });
  expect(formatComparison(report)).toContain("2 later ops differ on the same inputs, too.");
  expect(formatComparison(report)).toContain("{ fused: false }");
  const single = await compare(backend, { ...training, fused: false });
  expect(single.first).toBeUndefined();
  expect(single.ops.every(({ parts }) => parts === undefined)).toBe(true);
});

it("lets a fused pooling take another of equal elements, but not a smaller one", async () => {
  const nudged: Defect = (call, right) => right({ ...call, inputs: [nudge(call.inputs[0]!), ...call.inputs.slice(1)] });
  const nudge = (input: Call["inputs"][0]) => ({
    ...input,
    data: input.data.map((value, index) => value + 1e-7 * Math.abs(value) * ((index % 3) - 1)),
  });
  const flat = sequential([
    layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [4, 4, 1] }),
    layers.maxPooling2d(),
    layers.flatten(),
    layers.dense({ units: 2 }),
  ]);
  const batch = { x: { shape: [2, 4, 4, 1], data: new Float32Array(32).fill(0.5) }, y: [0, 1] };
  const options = { loss: "sparseCategoricalCrossentropy" } as const;
  const ties = await defective({ maxPool2d: nudged }, { fusions: fusedNames });
  expect((await comparePlans(flat, await reference(), ties, batch, options)).first).toBeUndefined();
  const smaller: Defect = (call, right) => {
    right(call);
    call.outputs[1]!.data[5] = (call.outputs[1]!.data[5]! + 1) % 4;
  };
  const report = await compare(await defective({ maxPool2d: smaller }, { fusions: fusedNames }));
  expect(report.first).toMatchObject({ op: "fusedConv2d", layer: "max_pooling2d", output: "argmax", differing: 1 });
});

it("finds what a kernel leaves out and what it writes over", async () => {
  const unary: Defect = (call, right) => {
    const before = call.outputs[0]!.data.at(-1)!;
    right(call);
    call.outputs[0]!.data[call.outputs[0]!.data.length - 1] = before;
  };
  const tail = await compare(await defective({ unary }));
  expect(tail.first).toMatchObject({ op: "unary", layer: "conv2d", b: Number.NaN, index: [5, 3, 3, 2] });
  const biasAdd: Defect = (call, right) => {
    right(call);
    call.inputs[1]!.data[0] = 9;
  };
  const overwritten = await compare(await defective({ biasAdd }));
  expect(overwritten.first).toMatchObject({
    op: "biasAdd",
    layer: "conv2d",
    value: "conv2d/bias",
    readOnly: true,
    b: 9,
  });
  expect(formatComparison(overwritten)).toContain("B changed it from 0 to 9, though the op only reads it");
});

it("gives both the same step: seed, iteration and sample weights", async () => {
  const dropout: Defect = (call, right) => right({ ...call, step: { ...call.step, iteration: 0 } });
  const backend = await defective({ dropout });
  expect((await compare(backend)).first).toBeUndefined();
  expect((await compare(backend, { ...training, iteration: 3, seed: 5 })).first).toMatchObject({ op: "dropout" });
  const unweighted: Defect = (call, right) => right({ ...call, inputs: call.inputs.slice(0, 2) });
  const batch = { x, y, sampleWeight: [1, 2, 1, 1, 1, 1] };
  const blind = await defective({ softmaxCrossEntropy: unweighted });
  const report = await comparePlans(network(), await reference(), blind, batch, training);
  expect(report.first).toMatchObject({ op: "softmaxCrossEntropy", layer: "loss", output: "lossSum" });
});

it("allows what the tolerance says", async () => {
  const backend = await defective({ conv2d: offBy(1e-3, 0) });
  expect((await compare(backend, { ...training, tolerance: { absolute: 0.01 } })).first).toBeUndefined();
  expect((await compare(backend)).first).toMatchObject({ op: "conv2d" });
  await expect(compare(backend, { ...training, tolerance: { relative: -1 } })).rejects.toThrow(
    "tolerance.relative is -1",
  );
});

it("reports ops that one backend does not support, and goes on", async () => {
  const sound = await reference();
  const supports: Backend["supports"] = (op) => (op.op === "biasAdd" ? "no kernel yet" : sound.supports(op));
  const lacking = await defective({ adamUpdate: (call, right) => right(call) }, { supports });
  for (const [a, b] of [
    [sound, lacking],
    [lacking, sound],
  ] as const) {
    const report = await comparePlans(network(), a, b, [x, y], training);
    expect(report.first).toBeUndefined();
    const left = report.ops.filter(({ status }) => status === "unsupported");
    expect(left.map(({ op, layer }) => `${op} ${layer}`)).toEqual(
      ["conv2d", "conv2d_1", "dense"].map((name) => `biasAdd ${name}`),
    );
    expect(report.wholeStep).toBe(b === lacking ? "unsupported" : "agrees");
    expect(formatComparison(report)).toContain("not compared: biasAdd (conv2d): defective: no kernel yet");
  }
  await expect(comparePlans(network(), lacking, lacking, [x, y], training)).rejects.toThrow(
    "no backend can run biasAdd (conv2d): defective: no kernel yet",
  );
});

it("finds what goes wrong between ops alone, in the memory that they share", async () => {
  // Destroy what lies behind a tensor: nothing where every tensor has its own buffer, other tensors in the arena.
  const behind = ({ data: { buffer, byteOffset, byteLength } }: Call["inputs"][0], floats?: number): Float32Array =>
    new Float32Array(buffer, byteOffset + byteLength).subarray(0, floats);
  const conv2dBackwardFilter: Defect = (call, right) => {
    right(call);
    behind(call.inputs[1]!).fill(7);
  };
  const loss = await compare(await defective({ conv2dBackwardFilter }));
  expect(loss.first).toBeUndefined();
  expect(loss.wholeStepDifference).toMatchObject({ buffer: "results", value: "loss.lossSum", whole: 7 });
  const unaryBackward: Defect = (call, right) => {
    right(call);
    const isShared = behind(call.outputs[0]!, 1).length > 0;
    call.outputs[0]!.data[0] = isShared ? 100 : call.outputs[0]!.data[0]!;
  };
  const gradients = await compare(await defective({ unaryBackward }));
  expect(gradients.first).toBeUndefined();
  expect(gradients.wholeStepDifference).toMatchObject({ buffer: "gradients", value: "conv2d/kernel" });
  expect(formatComparison(gradients)).toMatch(
    /but B's whole step does not give .* one by one: element \[0,0,0,\d\] of conv2d\/kernel in gradients is .* instead of .*\. The fault lies between/,
  );
});

it("names the op in which a backend fails, and frees what it had", async () => {
  const softmaxCrossEntropy: Defect = () => {
    throw new DeviceError("the device is gone");
  };
  const backend = await defective({ softmaxCrossEntropy });
  await expect(compare(backend)).rejects.toThrow(
    "comparePlans: defective failed in softmaxCrossEntropy (loss): the device is gone",
  );
  expect(backend.memory().usedBytes).toBe(0);
});

it("takes a reference in double precision, and backends with workspaces", async () => {
  const roomy = await defective({}, { workspaceBytes: ({ op }) => (op === "conv2d" ? 1000 : 0) });
  const wide = await reference({ storage: "float64" });
  const report = await comparePlans(network(), wide, roomy, [x, y], training);
  expect(report.first).toBeUndefined();
  expect(report.wholeStep).toBe("agrees");
  expect(wide.memory().usedBytes).toBe(0);
});

it("says what is missing for a step of training", async () => {
  await expect(compare(await reference(), {})).rejects.toThrow("the batch has labels, but there is no loss; pass one");
  await expect(comparePlans(network(), await reference(), await reference(), [[[1, 2]]])).rejects.toThrow(
    "x has shape [1,2]",
  );
});
