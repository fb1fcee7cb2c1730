import { type OpInstance, type Plan, type StepTable, stepBytes, stepLayout } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { webgpu } from "../index.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

useSoftwareGpu();

/** Rows of 40 kB: 3,500 of them are 140 MB, more than the 128 MiB of a default binding. */
const [rows, rowSize, batchSize] = [3500, 40_000, 5];

const values: Plan["values"] = [
  { id: 0, label: "images", shape: [rows, rowSize], dtype: "uint8", buffer: "images", byteOffset: 0 },
  { id: 1, label: "order", shape: [rows], dtype: "int32", buffer: "order", byteOffset: 0 },
  { id: 2, label: "batch", shape: [batchSize, rowSize], dtype: "float32", buffer: "batch", byteOffset: 0 },
  // The same rows as images, which are flipped.
  { id: 3, label: "images", shape: [rows, 200, 200, 1], dtype: "uint8", buffer: "images", byteOffset: 0 },
  { id: 4, label: "transforms", shape: [batchSize, 6], dtype: "int32", buffer: "transforms", byteOffset: 0 },
  { id: 5, label: "gathered", shape: [batchSize, 200, 200, 1], dtype: "float32", byteOffset: 0 },
  { id: 6, label: "flipped", shape: [batchSize, 200, 200, 1], dtype: "float32", buffer: "flipped", byteOffset: 0 },
];

const unnamed = { updates: [], label: "data", flops: 0, bytes: 0 };
const gather = { op: "gatherRows", attributes: { batchSize, scale: 1, dtype: "float32" }, ...unnamed } as const;
const flip = {
  op: "warp2d",
  attributes: { size: [200, 200], interpolation: "nearest", fillMode: "reflect", fillValue: 0, fractionBits: 0 },
  ...unnamed,
} as const;

const plan: Plan = {
  mode: "test",
  batchSize,
  values,
  ops: [
    { ...gather, inputs: [0, 1], outputs: [2] },
    {
      op: "fusedGatherRows",
      attributes: {},
      ...unnamed,
      inputs: [3, 1, 4],
      outputs: [6],
      parts: [
        { ...gather, inputs: [3, 1], outputs: [5] },
        { ...flip, inputs: [5, 4], outputs: [6] },
      ],
    },
  ],
  buffers: {
    images: { dtype: "uint8", length: rows * rowSize },
    order: { dtype: "int32", length: rows },
    batch: { dtype: "float32", length: batchSize * rowSize },
    transforms: { dtype: "int32", length: 6 * batchSize },
    flipped: { dtype: "float32", length: batchSize * rowSize },
  },
  arenaBytes: 256,
  results: [],
};

/** An op as `supports` sees it. */
function instance({ op, attributes, inputs, outputs, parts }: Plan["ops"][number]): OpInstance {
  const [read, written] = [inputs, outputs].map((ids) => ids.map((id) => values[id]!));
  return { op, attributes, inputs: read!, outputs: written!, ...(parts ? { parts: parts.map(instance) } : {}) };
}

function stepAt(batchStart: number): StepTable {
  const words = new Uint32Array(stepBytes / 4);
  words[stepLayout.batchStart] = batchStart;
  return { count: 1, bytes: new Uint8Array(words.buffer) };
}

it("a data set larger than a binding is read in parts", async () => {
  const device = await (await requestAdapter(undefined)).requestDevice();
  const backend = await webgpu({ device });
  expect(plan.ops.map((op) => backend.supports(instance(op)))).toEqual([true, true]);

  const specs = { ...plan.buffers, arena: { dtype: "uint8", length: 256 } as const };
  const buffers = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, backend.createBuffer(name, spec)]),
  );
  // Every row has its own byte, the first and last of a row and of a part included.
  const data = new Uint8Array(rows * rowSize);
  for (let row = 0; row < rows; row++) {
    data.fill(row % 251, row * rowSize, (row + 1) * rowSize);
  }
  buffers.images!.write(data);
  const picked = [0, 3499, 3327, 3328, 1];
  buffers.order!.write(Int32Array.from({ length: rows }, (_, index) => picked[index - 7] ?? 2));
  buffers.transforms!.write(Int32Array.from({ length: 6 * batchSize }, (_, at) => [-1, 0, 199, 0, 1, 0][at % 6]!));
  const executable = await backend.compile(plan, buffers);
  await executable.run(stepAt(7));
  for (const name of ["batch", "flipped"]) {
    const gathered = await buffers[name]!.read();
    picked.forEach((row, index) => {
      const got = new Set(gathered.subarray(index * rowSize, (index + 1) * rowSize));
      expect([...got], name).toEqual([row % 251]);
    });
  }
  await backend.dispose();
  device.destroy();
}, 60_000);
