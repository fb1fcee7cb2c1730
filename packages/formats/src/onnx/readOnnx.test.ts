import { type Backend, ModelFileError } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { channelsFirst, difference, noise, predictions, runOnnx } from "../testing/onnxRuntime.js";
import { sampleOnnx } from "../testing/sampleFiles.js";
import { readOnnx } from "./readOnnx.js";
import { type AttributeValue, GraphWriter, portMessage } from "./writing/graphWriter.js";
import { MessageWriter } from "./writing/messageWriter.js";

let backend: Backend;

beforeAll(async () => {
  backend = await reference();
});

afterAll(async () => {
  await backend.dispose();
});

type Attributes = Readonly<Record<string, AttributeValue>>;

/** A file of some nodes, each of which reads the one before: what they are written by gets the name of that value. */
function file(shape: readonly number[], opset: number, write: (graph: GraphWriter, x: string) => string): Uint8Array {
  const graph = new GraphWriter();
  graph.unique("x");
  const [y] = graph.node("Identity", [write(graph, "x")], {}, "y");
  const inner = graph.graph(
    "cases",
    [portMessage("x", shape)],
    [new MessageWriter().text(1, y!).message(2, new MessageWriter().message(1, new MessageWriter().integer(1, 1)))],
  );
  return new MessageWriter()
    .integer(1, 8)
    .message(7, inner)
    .message(8, new MessageWriter().text(1, "").integer(2, opset))
    .finish();
}

/** One node with weights of noise, lists of whole numbers or single numbers as further inputs. */
function node(
  op: string,
  attributes: Attributes = {},
  ...inputs: readonly (
    | readonly number[]
    | { readonly floats: readonly number[]; readonly shape?: readonly number[] }
    | { readonly noise: readonly number[] }
  )[]
) {
  return (graph: GraphWriter, x: string): string => {
    const names = inputs.map((input, index) => {
      if ("noise" in input) {
        const { data, shape } = noise(input.noise, index + 7);
        return graph.floats("weights", [...data], shape);
      }
      return "floats" in input ? graph.floats("numbers", input.floats, input.shape) : graph.integers("whole", input);
    });
    return graph.node(op, [x, ...names], attributes, op.toLowerCase())[0]!;
  };
}

type Write = (graph: GraphWriter, x: string) => string;
const images = [4, 9, 8];

/** What ONNX Runtime and the model that is read must agree on. */
const cases: readonly (readonly [name: string, shape: readonly number[], opset: number, write: Write])[] = [
  [
    "Conv, pads at one side",
    images,
    11,
    node("Conv", { pads: [1, 0, 2, 1], strides: [2, 1] }, { noise: [5, 4, 3, 3] }, { noise: [5] }),
  ],
  ["Conv, SAME_UPPER", images, 11, node("Conv", { auto_pad: "SAME_UPPER", strides: [2, 2] }, { noise: [5, 4, 3, 3] })],
  ["Conv, SAME_LOWER", images, 11, node("Conv", { auto_pad: "SAME_LOWER", strides: [2, 2] }, { noise: [5, 4, 4, 4] })],
  [
    "Conv, groups and dilations",
    images,
    11,
    node("Conv", { group: 2, dilations: [2, 2], pads: [2, 2, 2, 2] }, { noise: [6, 2, 3, 3] }),
  ],
  [
    "Conv, depthwise",
    images,
    11,
    node("Conv", { group: 4, pads: [1, 1, 1, 1] }, { noise: [8, 1, 3, 3] }, { noise: [8] }),
  ],
  [
    "ConvTranspose, pads",
    images,
    11,
    node(
      "ConvTranspose",
      { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
      { noise: [4, 3, 3, 3] },
      { noise: [3] },
    ),
  ],
  [
    "ConvTranspose, SAME_UPPER",
    images,
    11,
    node("ConvTranspose", { strides: [2, 2], auto_pad: "SAME_UPPER" }, { noise: [4, 3, 3, 3] }),
  ],
  [
    "MaxPool, padded like PyTorch's",
    images,
    11,
    node("MaxPool", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ],
  ["MaxPool, rounded up", images, 11, node("MaxPool", { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 })],
  [
    "AveragePool, padding counted",
    images,
    11,
    node("AveragePool", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  ],
  [
    "AveragePool, padding not counted",
    images,
    11,
    node("AveragePool", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ],
  ["GlobalMaxPool", images, 11, node("GlobalMaxPool")],
  ["ReduceMean by attribute", images, 11, node("ReduceMean", { axes: [2, 3], keepdims: 0 })],
  ["ReduceMean by input", images, 18, node("ReduceMean", { keepdims: 1 }, [-2, -1])],
  [
    "BatchNormalization",
    images,
    15,
    node("BatchNormalization", {}, { noise: [4] }, { noise: [4] }, { noise: [4] }, { floats: [1, 2, 3, 0.5] }),
  ],
  ["InstanceNormalization", images, 11, node("InstanceNormalization", {}, { noise: [4] }, { noise: [4] })],
  ["LayerNormalization", [5, 6], 17, node("LayerNormalization", {}, { noise: [6] }, { noise: [6] })],
  ["Add, a number a channel", images, 13, node("Add", {}, { noise: [4, 1, 1] })],
  ["Mul, a number an element", images, 13, node("Mul", {}, { noise: [4, 9, 8] })],
  ["Div by a number", images, 13, node("Div", {}, { floats: [2.5], shape: [] })],
  ["Sub from a number", images, 13, (graph, x) => graph.node("Sub", [graph.floats("one", [1]), x], {}, "sub")[0]!],
  ["Clip, opset 7", images, 7, node("Clip", { min: { float: -0.25 }, max: { float: 0.5 } })],
  ["Clip, opset 13", images, 13, node("Clip", {}, { floats: [0], shape: [] }, { floats: [6], shape: [] })],
  [
    "Max and Min with numbers",
    images,
    13,
    (graph, x) =>
      node("Min", {}, { floats: [0.3], shape: [] })(graph, node("Max", {}, { floats: [-0.2], shape: [] })(graph, x)),
  ],
  [
    "squeeze and excite",
    images,
    13,
    (graph, x) => {
      const pooled = graph.node("GlobalAveragePool", [x], {}, "pool")[0]!;
      const gate = graph.node("Sigmoid", [node("Conv", {}, { noise: [4, 4, 1, 1] })(graph, pooled)], {}, "gate")[0]!;
      return graph.node("Mul", [x, gate], {}, "excite")[0]!;
    },
  ],
  ["PRelu, a slope a channel", images, 13, node("PRelu", {}, { noise: [4, 1, 1] })],
  ["PRelu, one slope", images, 13, node("PRelu", {}, { floats: [0.2], shape: [1] })],
  [
    "LeakyRelu, Elu and Selu",
    images,
    13,
    (graph, x) => node("Selu")(graph, node("Elu", { alpha: { float: 0.7 } })(graph, node("LeakyRelu")(graph, x))),
  ],
  ["HardSigmoid with its own slope", images, 13, node("HardSigmoid", { alpha: { float: 0.3 }, beta: { float: 0.4 } })],
  ["HardSwish", images, 14, node("HardSwish")],
  ["Gelu, opset 20", images, 20, node("Gelu", { approximate: "tanh" })],
  ["Softmax of channels", images, 13, node("Softmax", { axis: 1 })],
  ["LogSoftmax of rows, opset 11", [7], 11, node("LogSoftmax", { axis: 1 })],
  [
    "Gemm with factors",
    [6],
    11,
    node("Gemm", { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, { noise: [3, 6] }, { noise: [3] }),
  ],
  [
    "Flatten and MatMul",
    images,
    13,
    (graph, x) => node("MatMul", {}, { noise: [288, 3] })(graph, node("Flatten")(graph, x)),
  ],
  [
    "flattened rows that are given",
    images,
    13,
    (graph, x) => node("Flatten")(graph, node("Relu")(graph, node("Conv", {}, { noise: [3, 4, 3, 3] })(graph, x))),
  ],
  [
    "Reshape by the shape of the input",
    images,
    13,
    (graph, x) => {
      const shape = graph.node("Shape", [x], {}, "shape")[0]!;
      const batch = graph.node("Gather", [shape, graph.integers("index", [0])], {}, "batch")[0]!;
      const target = graph.node("Concat", [batch, graph.integers("rest", [-1])], { axis: 0 }, "target")[0]!;
      return graph.node("Reshape", [node("MaxPool", { kernel_shape: [2, 2] })(graph, x), target], {}, "rows")[0]!;
    },
  ],
  [
    "channel shuffle",
    images,
    13,
    (graph, x) => {
      const grouped = node("Reshape", {}, [0, 2, 2, 9, 8])(graph, node("Conv", {}, { noise: [4, 4, 1, 1] })(graph, x));
      return node(
        "Reshape",
        {},
        [0, 4, 9, 8],
      )(graph, graph.node("Transpose", [grouped], { perm: [0, 2, 1, 3, 4] }, "shuffle")[0]!);
    },
  ],
  [
    "Transpose to channels last",
    images,
    13,
    (graph, x) => node("Transpose", { perm: [0, 2, 3, 1] })(graph, node("Relu")(graph, x)),
  ],
  [
    "Squeeze and Unsqueeze",
    images,
    13,
    (graph, x) =>
      node("Unsqueeze", {}, [1])(graph, node("Squeeze", {}, [2, 3])(graph, node("GlobalAveragePool")(graph, x))),
  ],
  [
    "Slice of rows with steps, and of channels",
    images,
    13,
    (graph, x) =>
      node("Slice", {}, [1], [3], [1])(graph, node("Slice", {}, [0, 1], [9, 1000], [2, 3], [2, 2])(graph, x)),
  ],
  [
    "Split and Concat",
    images,
    13,
    (graph, x) => {
      // The second output gets a name of its own.
      const [first] = graph.node(
        "Slice",
        [x, graph.integers("from", [0]), graph.integers("to", [2]), graph.integers("axis", [1])],
        {},
        "first",
      );
      return graph.node("Concat", [x, first!], { axis: 1 }, "joined")[0]!;
    },
  ],
  ["Pad, opset 8, also channels", images, 8, node("Pad", { pads: [0, 1, 2, 0, 0, 0, 1, 3] })],
  ["Pad that cuts", images, 13, node("Pad", {}, [0, 0, -1, 1, 0, 0, 2, -2])],
  ["Upsample, opset 9", images, 9, node("Upsample", { mode: "nearest" }, { floats: [1, 1, 2, 3] })],
  [
    "Resize, nearest by scales",
    images,
    13,
    (graph, x) =>
      graph.node(
        "Resize",
        [x, "", graph.floats("scales", [1, 1, 2, 2])],
        { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
        "resize",
      )[0]!,
  ],
  [
    "Resize, linear by sizes",
    images,
    13,
    (graph, x) =>
      graph.node("Resize", [x, "", "", graph.integers("sizes", [3, 4, 13, 6])], { mode: "linear" }, "resize")[0]!,
  ],
  [
    "Sum and Mean",
    images,
    13,
    (graph, x) => {
      const other = node("Neg")(graph, node("Relu")(graph, x));
      return graph.node("Mean", [x, graph.node("Sum", [x, other, other], {}, "sum")[0]!], {}, "mean")[0]!;
    },
  ],
  ["Pow", images, 13, node("Pow", {}, { floats: [3], shape: [] })],
  [
    "weights that are computed",
    [6],
    13,
    (graph, x) => {
      const [weights] = graph.node(
        "Transpose",
        [graph.floats("w", [...noise([3, 6]).data], [3, 6])],
        { perm: [1, 0] },
        "turned",
      );
      return graph.node("MatMul", [x, weights!], {}, "product")[0]!;
    },
  ],
];

describe("readOnnx", () => {
  it.each(cases)("computes %s as ONNX Runtime does", async (_, shape, opset, write) => {
    const bytes = file(shape, opset, write);
    // Images are given with the channels last, to the runtime with the channels first.
    const sample = shape.length === 3 ? [...shape.slice(1), shape[0]!] : shape;
    const input = noise([3, ...sample]);
    const [expected] = await runOnnx(bytes, [channelsFirst(input)]);

    const model = await readOnnx(bytes, { layout: "nchw" });
    const [found] = await predictions(model, backend, [input]);

    const laidOut = channelsFirst(found!);
    expect(laidOut.shape).toEqual(expected!.shape);
    expect(difference(expected!.data, laidOut.data)).toBeLessThan(1e-5);
    model.dispose();
  });

  it.each([
    [
      "floats in a list",
      1,
      (tensor: MessageWriter) => tensor.bytes(4, new Uint8Array(Float32Array.of(1, -2, 0.5, 4).buffer)),
    ],
    [
      "floats one by one",
      1,
      (tensor: MessageWriter) => [1, -2, 0.5, 4].reduce((to, value) => to.float(4, value), tensor),
    ],
    [
      "halves in a list",
      10,
      (tensor: MessageWriter) => [0x3c00, 0xc000, 0x3800, 0x4400].reduce((to, value) => to.integer(5, value), tensor),
    ],
    [
      "halves as bytes",
      10,
      (tensor: MessageWriter) => tensor.bytes(9, new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x4400).buffer)),
    ],
    [
      "bfloats as bytes",
      16,
      (tensor: MessageWriter) => tensor.bytes(9, new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x4080).buffer)),
    ],
    [
      "doubles as bytes",
      11,
      (tensor: MessageWriter) => tensor.bytes(9, new Uint8Array(Float64Array.of(1, -2, 0.5, 4).buffer)),
    ],
  ] as const)("reads weights that are %s", async (_, type, write) => {
    const weights = write(new MessageWriter().integers(1, [2, 2]).integer(2, type).text(8, "w"));
    const product = new MessageWriter().text(1, "x").text(1, "w").text(2, "y").text(4, "MatMul");
    const graph = new MessageWriter()
      .message(1, product)
      .message(5, weights)
      .message(11, portMessage("x", [2]))
      .message(12, portMessage("y", [2]));
    const bytes = new MessageWriter()
      .integer(1, 8)
      .message(7, graph)
      .message(8, new MessageWriter().text(1, "").integer(2, 13))
      .finish();

    const [kernel] = await (await readOnnx(bytes)).getWeights();

    expect([...kernel!.data]).toEqual([1, -2, 0.5, 4]);
  });

  it("gives a model that can be trained on", async () => {
    const model = await readOnnx(await sampleOnnx());
    const images = noise([24, 6, 6, 2]);
    const labels = Int32Array.from({ length: 24 }, (_, index) => (images.data[72 * index]! > 0 ? 1 : 0));
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    const before = await model.getWeights();

    const { history } = await model.fit(images, labels, { epochs: 40, batchSize: 8, verbose: 0 });

    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0]! / 2);
    const after = await model.getWeights();
    expect(after.map(({ data }, index) => data.some((value, at) => value !== before[index]!.data[at]))).not.toContain(
      false,
    );
    model.dispose();
  });

  it("names the nodes that there are no layers for", async () => {
    const bytes = file([4, 4, 4], 13, (graph, x) => graph.node("LRN", [x], { size: 3 }, "local_response")[0]!);

    await expect(readOnnx(bytes)).rejects.toThrow(/node "local_response" \(LRN\): there is no layer for LRN/);
  });

  it.each([
    ["an opset of the future", file([3], 99, (_, x) => x), /version 99 of ONNX's operators; 7 to 21 are read/],
    ["no graph", new Uint8Array(), /the file has no graph/],
    ["text", new TextEncoder().encode("a text that is no ONNX file"), /ONNX file, byte \d+/],
    [
      "weights that do not fit",
      file([3], 13, node("MatMul", {}, { noise: [4, 2] })),
      /node "matmul" \(MatMul\): a kernel for 4 numbers on samples that have 3/,
    ],
    ["a batch that is moved", file([3, 2], 13, node("Transpose", { perm: [1, 0, 2] })), /moves the axis of the batch/],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(readOnnx(bytes)).rejects.toThrow(ModelFileError);
    await expect(readOnnx(bytes)).rejects.toThrow(message);
  });
});
