import type { Plan } from "@convoy/core/backend";

/**
 * A row of a data set goes through max-pooling's gradient: dx from dy, a row of `source`, and `argmax`, positions in windows
 * of 2x2. A position far outside its window makes the kernel trap.
 */
export const poolingPlan: Plan = {
  mode: "test",
  batchSize: 1,
  values: [
    { id: 0, label: "source", shape: [3, 2, 2, 1], dtype: "float32", buffer: "source", byteOffset: 0 },
    { id: 1, label: "dy", shape: [1, 2, 2, 1], dtype: "float32", buffer: "arena", byteOffset: 0 },
    { id: 2, label: "argmax", shape: [1, 2, 2, 1], dtype: "int32", buffer: "argmax", byteOffset: 0 },
    { id: 3, label: "dx", shape: [1, 4, 4, 1], dtype: "float32", buffer: "dx", byteOffset: 0 },
  ],
  ops: [
    {
      op: "gatherRows",
      attributes: { batchSize: 1, scale: 0.1, dtype: "float32" },
      inputs: [0],
      outputs: [1],
      updates: [],
      label: "data",
      flops: 0,
      bytes: 0,
    },
    {
      op: "maxPool2dBackward",
      attributes: {
        poolSize: [2, 2],
        strides: [2, 2],
        padding: [0, 0, 0, 0],
        dilation: [1, 1],
        inputSize: [4, 4],
      },
      inputs: [1, 2],
      outputs: [3],
      updates: [],
      label: "max_pooling2d",
      flops: 0,
      bytes: 0,
    },
  ],
  buffers: {
    source: { dtype: "float32", length: 12 },
    argmax: { dtype: "int32", length: 4 },
    dx: { dtype: "float32", length: 16 },
  },
  arenaBytes: 256,
  results: [],
};
