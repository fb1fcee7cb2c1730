import { type Plan, type StepTable, stepBytes, stepLayout } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { webgpu } from "../index.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

useSoftwareGpu();

/** Rows of 40 kB: 3,500 of them are 140 MB, more than the 128 MiB of a default binding. */
const [rows, rowSize, batchSize] = [3500, 40_000, 5];

const plan: Plan = {
  mode: "test",
  batchSize,
  values: [
    { id: 0, label: "images", shape: [rows, rowSize], dtype: "uint8", buffer: "images", byteOffset: 0 },
    { id: 1, label: "order", shape: [rows], dtype: "int32", buffer: "order", byteOffset: 0 },
    { id: 2, label: "batch", shape: [batchSize, rowSize], dtype: "float32", buffer: "batch", byteOffset: 0 },
  ],
  ops: [
    {
      op: "gatherRows",
      attributes: { batchSize, scale: 1, dtype: "float32" },
      inputs: [0, 1],
      outputs: [2],
      updates: [],
      label: "data",
      flops: 0,
      bytes: 0,
    },
  ],
  buffers: {
    images: { dtype: "uint8", length: rows * rowSize },
    order: { dtype: "int32", length: rows },
    batch: { dtype: "float32", length: batchSize * rowSize },
  },
  arenaBytes: 256,
  results: [],
};

function stepAt(batchStart: number): StepTable {
  const words = new Uint32Array(stepBytes / 4);
  words[stepLayout.batchStart] = batchStart;
  return { count: 1, bytes: new Uint8Array(words.buffer) };
}

it("a data set larger than a binding is read in parts", async () => {
  const device = await (await requestAdapter(undefined)).requestDevice();
  const backend = await webgpu({ device });
  const images = { shape: [rows, rowSize], dtype: "uint8" } as const;
  const [order, batch] = [{ shape: [rows], dtype: "int32" } as const, { shape: [5], dtype: "float32" } as const];
  const { attributes } = plan.ops[0]!;
  const answer = backend.supports({ op: "gatherRows", attributes, inputs: [images, order], outputs: [batch] });
  expect(answer).toBe(true);

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
  const executable = await backend.compile(plan, buffers);
  await executable.run(stepAt(7));
  const gathered = await buffers.batch!.read();
  picked.forEach((row, index) => {
    const got = new Set(gathered.subarray(index * rowSize, (index + 1) * rowSize));
    expect([...got]).toEqual([row % 251]);
  });
  await backend.dispose();
  device.destroy();
}, 60_000);
