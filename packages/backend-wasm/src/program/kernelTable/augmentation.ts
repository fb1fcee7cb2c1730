/** Ops that augment images. `index.ts` says how to read it. */
export const augmentationKernels = {
  warp2d: { warp2d: { extends: "warping", x: "address" } },
  fusedGatherRows: {
    fusedGatherRows: {
      extends: "warping",
      /** [sourceRows,H,W,C] */
      source: "address",
      /** 0 without an order. */
      order: "address",
      sourceRows: "i32",
      orderRows: "i32",
      /** Element type of the source. */
      from: "i32",
    },
  },
  colors: {
    scaleChannels: { extends: "samples", factors: "address", low: "f32", high: "f32" },
    adjustContrast: { extends: "samples", means: "address", factors: "address", low: "f32", high: "f32" },
    adjustHsv: { extends: "samples", factors: "address", low: "f32", high: "f32" },
  },
  regions: {
    /** Without a tensor to fill from (0) the channels' values stand behind its arguments. */
    fillBoxes: {
      x: "address",
      boxes: "address",
      fill: "address",
      y: "address",
      H: "i32",
      W: "i32",
      C: "i32",
      /** Rows of all images, and those of one task. */
      rows: "i32",
      block: "i32",
    },
    mixRows: {
      x: "address",
      partners: "address",
      /** 0 without weights. */
      weights: "address",
      y: "address",
      rows: "i32",
      rowSize: "i32",
      /** Numbers of one task, and tasks of a row. */
      block: "i32",
      pieces: "i32",
    },
    filterAxis: {
      x: "address",
      kernels: "address",
      y: "address",
      H: "i32",
      /** Numbers of a row of pixels. */
      rowSize: "i32",
      C: "i32",
      K: "i32",
      axis: "i32",
      /** Rows of all images, and those of one task. */
      rows: "i32",
      block: "i32",
    },
  },
} as const;
