import { layers, type Model, sequential } from "@convoy/core";
import { zipSync } from "fflate";
import { writeOnnx } from "../onnx/writing/writeOnnx.js";
import { writeSafetensors } from "../torch/safetensors.js";
import { toStateDict } from "../torch/stateDict.js";
import { onnxFile } from "./onnxFile.js";

function sampleModel(): Model {
  return sequential([
    layers.input({ shape: [6, 6, 2] }),
    layers.conv2d({ filters: 3, kernelSize: 3, padding: "same", activation: "relu" }),
    layers.batchNormalization(),
    layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
    layers.upSampling2d(),
    layers.groupNormalization({ groups: 1 }),
    layers.flatten(),
    layers.dense({ units: 2, activation: "softmax" }),
  ]);
}

export async function sampleOnnx(): Promise<Uint8Array> {
  return await writeOnnx(sampleModel());
}

/** A file whose weights, shapes and sizes are computed by nodes, as exporters write them. */
export async function sampleComputedOnnx(): Promise<Uint8Array> {
  return onnxFile([2, 4, 4], (graph) => {
    const node = (op: string, inputs: readonly string[], attributes: Parameters<typeof graph.node>[2] = {}): string =>
      graph.node(op, inputs, attributes, op.toLowerCase())[0]!;
    const list = (...values: readonly number[]): string => graph.integers("list", values);
    const wave = (...shape: readonly number[]): string => {
      const size = shape.reduce((product, length) => product * length, 1);
      return graph.floats(
        "wave",
        Array.from({ length: size }, (_, index) => Math.sin(index)),
        shape,
      );
    };
    const kernel = node("Transpose", [wave(3, 3, 2, 4)], { perm: [3, 2, 0, 1] });
    const scaled = node("Mul", [node("Neg", [kernel]), node("Expand", [wave(1), list(4, 1, 1, 1)])]);
    const images = node("Conv", ["x", scaled], { pads: [1, 1, 1, 1] });
    const both = node("Concat", [node("Clip", [images, wave(1)]), node("Slice", [images, list(1), list(3), list(1)])], {
      axis: 1,
    });
    const zeros = node("Expand", [node("Range", [list(0), list(1), list(1)]), list(8)]);
    const padded = node("Pad", [both, node("Cast", [zeros], { to: 7 })]);
    const pooled = node("MaxPool", [node("Relu", [padded])], { kernel_shape: [2, 2], strides: [2, 2] });
    const larger = node("Resize", [pooled, "", wave(0), list(1, 6, 4, 4)], { mode: "nearest" });
    const batch = node("Gather", [node("Shape", [larger]), list(0)], { axis: 0 });
    const rows = node("Reshape", [larger, node("Concat", [batch, node("Sub", [list(0), list(1)])], { axis: 0 })]);
    const weights = node("Reshape", [node("Where", [list(1), wave(192), wave(192)]), list(-1, 2)]);
    return node("Softmax", [node("Add", [node("MatMul", [rows, weights]), node("Squeeze", [wave(1, 2), list(0)])])]);
  });
}

export async function sampleSafetensors(): Promise<Uint8Array> {
  return writeSafetensors(await toStateDict(sampleModel()));
}

/** A pickle of { weight: tensor [2,3] } as PyTorch writes it. */
const pickle = Uint8Array.from(
  [
    ...["\x80\x02}", "X\x06\0\0\0weight", "ctorch._utils\n_rebuild_tensor_v2\n", "(("],
    ...["X\x07\0\0\0storage", "ctorch\nFloatStorage\n", "X\x01\0\0\x000", "X\x03\0\0\0cpu", "K\x06tQ"],
    ...["K\x00K\x02K\x03\x86K\x03K\x01\x86\x89", "ccollections\nOrderedDict\n)R", "tRs."],
  ]
    .join("")
    .split("")
    .map((character) => character.charCodeAt(0)),
);

const numbers = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);

/** A file of PyTorch as it is written since 1.6. */
export function samplePytorch(): Uint8Array {
  const files = { "model/data.pkl": pickle, "model/data/0": numbers, "model/version": Uint8Array.of(51) };
  return zipSync(files, { level: 0 });
}

/** The same as it was written before. */
export function sampleLegacyPytorch(): Uint8Array {
  const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
  const keys = [0x80, 2, 0x5d, 0x58, 1, 0, 0, 0, 0x30, 0x61, 0x2e];
  return Uint8Array.of(
    ...magic,
    ...[0x80, 2, 0x4d, 0xe9, 0x03, 0x2e],
    ...[0x80, 2, 0x7d, 0x2e],
    ...pickle,
    ...keys,
    ...[6, 0, 0, 0, 0, 0, 0, 0],
    ...numbers,
  );
}
