import { describe, expect, it } from "vitest";
import { type Backend, type FusedName, fusedNames, type OpInstance } from "../backend/index.js";
import { type KernelCall, reference, referenceKernels } from "../reference/index.js";
import { type ConformanceCase, conformanceCases } from "./index.js";

type Call = KernelCall<Readonly<Record<string, unknown>>>;

/** What is wrong with the backend: an op's kernel, given the right one. `fused` is set where the plan has fused ops. */
type Defects = Readonly<Record<string, (call: Call, right: (call: Call) => void, fused: boolean) => void>>;

/** The reference with defects in its kernels, which are there only while this backend runs. */
async function planted(defects: Defects, fusions: readonly FusedName[] = []): Promise<Backend> {
  const right = await reference();
  const kernels = referenceKernels as unknown as Record<string, (call: Call) => void>;
  return {
    name: "planted",
    device: right.device,
    fusions,
    supports: (op) => op.parts !== undefined || right.supports(op),
    createBuffer: (label, spec) => right.createBuffer(label, spec),
    async compile(plan, buffers) {
      const executable = await right.compile(plan, buffers);
      const fused = plan.ops.some(({ parts }) => parts !== undefined);
      return {
        async run(steps) {
          const sound = { ...kernels };
          for (const [op, defect] of Object.entries(defects)) {
            kernels[op] = (call) => defect(call, sound[op]!, fused);
          }
          try {
            return await executable.run(steps);
          } finally {
            Object.assign(kernels, sound);
          }
        },
        dispose: () => executable.dispose(),
      };
    },
    synchronize: () => right.synchronize(),
    memory: () => right.memory(),
    dispose: () => right.dispose(),
  };
}

const all = conformanceCases();

/** The messages of the cases that the backend fails. */
async function failures(backend: Backend, choose: (candidate: ConformanceCase) => boolean): Promise<string[]> {
  const messages: string[] = [];
  for (const candidate of all.filter(choose)) {
    await candidate.run(backend).catch((error: Error) => messages.push(error.message));
  }
  return messages;
}

/** Where each planted defect has to show. */
const defective: readonly {
  readonly what: string;
  readonly row: string;
  readonly message: RegExp;
  readonly defects: Defects;
}[] = [
  {
    what: "max-pool that starts at 0",
    row: "maxPool2d",
    message: /output .* is 0, expected -\d/,
    defects: {
      maxPool2d(call, right) {
        right(call);
        const { data } = call.outputs[0]!;
        data.forEach((value, index) => {
          data[index] = Math.max(value, 0);
        });
      },
    },
  },
  {
    what: "max-pool that takes the last of equals",
    row: "maxPool2d",
    message: /argmax/,
    defects: {
      maxPool2d(call, right) {
        // Looks at the windows from behind: the mirrored position of the first of equals there is the last here.
        right(call);
        const [{ data: output }, { data: argmax, shape }] = call.outputs as [Call["outputs"][0], Call["outputs"][0]];
        const { data: input, shape: inputShape } = call.inputs[0]!;
        const { poolSize, strides, padding } = call.attributes as {
          poolSize: number[];
          strides: number[];
          padding: number[];
        };
        const [, H, W, C] = inputShape as [number, number, number, number];
        const [, OH, OW] = shape as [number, number, number, number];
        argmax.forEach((_, index) => {
          const [c, ow] = [index % C, Math.floor(index / C) % OW];
          const [oh, n] = [Math.floor(index / C / OW) % OH, Math.floor(index / C / OW / OH)];
          for (let at = 0; at < poolSize[0]! * poolSize[1]!; at++) {
            const h = oh * strides[0]! + Math.floor(at / poolSize[1]!) - padding[0]!;
            const w = ow * strides[1]! + (at % poolSize[1]!) - padding[2]!;
            const inside = h >= 0 && h < H && w >= 0 && w < W;
            if (inside && input[((n * H + h) * W + w) * C + c] === output[index]) {
              argmax[index] = at;
            }
          }
        });
      },
    },
  },
  {
    what: "an elementwise kernel that forgets the tail behind the last four",
    row: "unary",
    message: /is NaN, expected/,
    defects: {
      unary(call, right) {
        const [output] = call.outputs;
        const before = output!.data.slice();
        right(call);
        const whole = output!.data.length & ~3;
        output!.data.set(before.subarray(whole), whole);
      },
    },
  },
  {
    what: "a pooling gradient that does not clear what no window reaches",
    row: "maxPool2dBackward",
    message: /is NaN, expected 0/,
    defects: {
      maxPool2dBackward(call, right) {
        const { data } = call.outputs[0]!;
        const before = data.slice();
        right(call);
        data.forEach((value, index) => {
          data[index] = value === 0 ? before[index]! : value;
        });
      },
    },
  },
  {
    what: "a bias gradient that is added to what was there",
    row: "biasAddBackward",
    message: /is NaN, expected/,
    defects: {
      biasAddBackward(call, right) {
        const { data } = call.outputs[0]!;
        const before = data.slice();
        right(call);
        data.forEach((value, index) => {
          data[index] = value + before[index]!;
        });
      },
    },
  },
  {
    what: "a kernel that writes one element too many",
    row: "add",
    message: /nothing may be written there/,
    defects: {
      add(call, right) {
        right(call);
        const { data } = call.outputs[0]!;
        new Float32Array(data.buffer as ArrayBuffer, data.byteOffset, data.length + 1)[data.length] = 0;
      },
    },
  },
  {
    what: "a kernel that overwrites its input",
    row: "softmax",
    message: /nothing may be written there/,
    defects: {
      softmax(call, right) {
        right(call);
        call.inputs[0]!.data.set(call.outputs[0]!.data);
      },
    },
  },
  {
    what: "a convolution that reads one column too far to the left",
    row: "conv2d",
    message: /output .* off by/,
    defects: {
      conv2d(call, right) {
        const { padding } = call.attributes as { padding: number[] };
        const [top, bottom, left, rightPadding] = padding as [number, number, number, number];
        right({ ...call, attributes: { ...call.attributes, padding: [top, bottom, left + 1, rightPadding] } });
      },
    },
  },
  {
    what: "a product that is different each time",
    row: "matMul",
    message: /in one run and .* in the next/,
    defects: {
      matMul: (() => {
        let calls = 0;
        return (call: Call, right: (call: Call) => void) => {
          right(call);
          calls++;
          const { data } = call.outputs[0]!;
          data[0] = data[0]! * (1 + calls * 1e-7);
        };
      })(),
    },
  },
  {
    what: "a dropout mask that is one element off",
    row: "dropout",
    message: /expected 0|is 0, expected/,
    defects: {
      dropout(call, right) {
        const [input, output] = [call.inputs[0]!, call.outputs[0]!];
        const longer = { ...input, shape: [input.data.length + 1], data: Float32Array.of(0, ...input.data) };
        const result = { ...longer, data: new Float32Array(longer.data.length) };
        right({ ...call, inputs: [longer], outputs: [result] });
        output.data.set(result.data.subarray(1));
      },
    },
  },
  {
    what: "dropout that ignores the iteration",
    row: "dropout",
    message: /expected 0|is 0, expected/,
    defects: { dropout: (call, right) => right({ ...call, step: { ...call.step, iteration: 0 } }) },
  },
  {
    what: "Adam that forgets the second moment",
    row: "adamUpdate",
    message: /secondMoment/,
    defects: {
      adamUpdate(call, right) {
        const before = call.inputs[3]!.data.slice();
        right(call);
        call.inputs[3]!.data.set(before);
      },
    },
  },
  {
    what: "Nesterov's momentum without looking ahead",
    row: "sgdUpdate",
    message: /nesterov: parameters/,
    defects: { sgdUpdate: (call, right) => right({ ...call, attributes: { ...call.attributes, nesterov: false } }) },
  },
  {
    what: "clipping below the limit",
    row: "clipByNorm",
    message: /below: gradients/,
    defects: {
      clipByNorm(call, right) {
        right(call);
        const { data } = call.inputs[0]!;
        data.forEach((value, index) => {
          data[index] = value * 0.9999;
        });
      },
    },
  },
  {
    what: "a batch that always starts at the first row",
    row: "gatherRows",
    message: /from 5: batch/,
    defects: { gatherRows: (call, right) => right({ ...call, step: { ...call.step, batchStart: 0 } }) },
  },
  {
    what: "predictions that touch the first row",
    row: "storeRows",
    message: /destination/,
    defects: {
      storeRows(call, right) {
        right(call);
        call.inputs[1]!.data[0] = 0;
      },
    },
  },
  {
    what: "weights that a loss leaves out",
    row: "softmaxCrossEntropyBackward",
    message: /weights/,
    defects: {
      softmaxCrossEntropyBackward: (call, right) => right({ ...call, inputs: call.inputs.slice(0, 2) }),
    },
  },
  {
    what: "accuracy that counts NaN as class 0",
    row: "accuracy",
    message: /NaN: correct/,
    defects: {
      accuracy(call, right) {
        const predictions = call.inputs[0]!;
        right({
          ...call,
          inputs: [{ ...predictions, data: predictions.data.map((value) => value || 0) }, call.inputs[1]!],
        });
      },
    },
  },
  {
    what: "a variance that is the mean of squares less the square of the mean",
    row: "batchNorm",
    message: /around 100: variance/,
    defects: {
      batchNorm(call, right) {
        right(call);
        const x = call.inputs[0]!.data;
        const [mean, variance] = [call.outputs[1]!.data, call.outputs[2]!.data];
        const rows = x.length / mean.length;
        mean.forEach((value, c) => {
          const own = Array.from(x).filter((_, index) => index % mean.length === c);
          const sum = own.reduce((total, number) => Math.fround(total + number * number), 0);
          variance[c] = Math.fround(sum / rows) - Math.fround(value * value);
        });
      },
    },
  },
  {
    what: "a depthwise convolution that puts the outputs of one kernel number side by side",
    row: "depthwiseConv2d",
    message: /output .* off by/,
    defects: {
      depthwiseConv2d(call, right) {
        right(call);
        const [, , C, M] = call.inputs[1]!.shape as [number, number, number, number];
        const { data } = call.outputs[0]!;
        const sound = data.slice();
        data.forEach((_, index) => {
          const at = index % (C * M);
          data[index] = sound[index - at + (at % C) * M + Math.floor(at / C)]!;
        });
      },
    },
  },
  {
    what: "groups that every so many channels belong to",
    row: "groupNorm",
    message: /mean .* off by/,
    defects: {
      groupNorm(call, right) {
        right(call);
        const { groups } = call.attributes as { groups: number };
        const [x, mean] = [call.inputs[0]!, call.outputs[1]!.data];
        const channels = x.shape.at(-1)!;
        const size = x.data.length / mean.length;
        mean.forEach((_, index) => {
          const sample = Math.floor(index / groups) * size * groups;
          const numbers = Array.from(x.data.slice(sample, sample + size * groups));
          const own = numbers.filter((_, at) => (at % channels) % groups === index % groups);
          mean[index] = own.reduce((total, value) => total + value, 0) / size;
        });
      },
    },
  },
  {
    what: "Nadam without the gradient beside the moment",
    row: "nadamUpdate",
    message: /parameters .* off by/,
    defects: { nadamUpdate: (call, right) => right({ ...call, step: { ...call.step, gradientStep: 0 } }) },
  },
  {
    what: "a norm over the wrong axes",
    row: "constrainNorm",
    message: /parameter .* off by/,
    defects: {
      constrainNorm(call, right) {
        const { axes } = call.attributes as { axes: number[] };
        right({ ...call, attributes: { ...call.attributes, axes: axes.slice(0, -1) } });
      },
    },
  },
];

describe("conformance", () => {
  it("passes the same backend without a defect, with and without fused ops", async () => {
    expect(await failures(await planted({}), ({ level }) => level === "ops")).toEqual([]);
    const fusing = await planted({}, fusedNames);
    expect(
      await failures(fusing, ({ op, level }) => op.startsWith("fused") || op === "backend" || level === "step"),
    ).toEqual([]);
  }, 120_000);

  it.each(defective)("finds $what", async ({ row, message, defects }) => {
    const found = await failures(await planted(defects), ({ op }) => op === row);
    expect(found.length).toBeGreaterThan(0);
    expect(
      found.some((text) => message.test(text)),
      found.join("\n"),
    ).toBe(true);
    expect(found.every((text) => text.startsWith(`${row}: `))).toBe(true);
  });

  it("finds a defect in its row, and where the op is used, only", async () => {
    const { defects } = defective[0]!;
    // The large cases only repeat the small ones here.
    const small = ({ level, name }: ConformanceCase) => level === "ops" && !/26x26|28x28|13x13|1600|576/.test(name);
    const found = await failures(await planted(defects), small);
    const rows = new Set(found.map((text) => text.split(":")[0]));
    expect([...rows].toSorted()).toEqual(["fusedConv2d", "fusedConv2dBackward", "maxPool2d"]);
  });

  it("finds a skipped update in training", async () => {
    const backend = await planted({ rmspropUpdate: () => undefined });
    const found = await failures(backend, ({ name }) => /^training: .*RMSprop/.test(name));
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(/^training: one step, .*: weight \d .* off by/);
    expect(found[2]).toMatch(/accuracy 0\.\d+ on digits not trained on/);
  });

  it.each([
    ["fusedConv2d", "biasAdd"],
    ["fusedConv2d", "maxPool2d"],
    ["fusedConv2dBackward", "unaryBackward"],
    ["fusedConv2dBackward", "conv2dBackwardInput"],
    ["fusedDense", "unary"],
    ["fusedDenseBackward", "biasAddBackward"],
    ["fusedSoftmaxLoss", "accuracy"],
  ])("finds a %s with a wrong %s, and blames the fused op alone", async (row, part) => {
    const defects: Defects = {
      [part](call, right, fused) {
        right(call);
        if (fused) {
          call.outputs[0]!.data[0]! += 1;
        }
      },
    };
    const found = await failures(await planted(defects, fusedNames), ({ op }) => op === row || op === part);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((text) => text.startsWith(`${row}: `) && text.includes("run as"))).toBe(true);
  });

  it("finds a fused op that is offered and never taken", async () => {
    const willing = await planted({}, fusedNames);
    const supports = (op: OpInstance) => (op.op === "fusedDense" ? "not today" : willing.supports(op));
    const found = await failures({ ...willing, supports }, ({ name }) => name.startsWith("backend: every fused op"));
    expect(found).toEqual([expect.stringMatching(/fusedDense: offered, but refused/)]);
  });
});
