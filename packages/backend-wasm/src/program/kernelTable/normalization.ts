/** Normalisation and its running statistics. `index.ts` says how to read it. */
export const normalizationKernels = {
  normalize: {
    normalize: {
      extends: "channelBlocks",
      x: "address",
      mean: "address",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      beta: "address",
      y: "address",
    },
    normalizeBackwardInput: {
      extends: "channelBlocks",
      dy: "address",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      dx: "address",
    },
  },
  batchNorm: {
    /** `rows` and `block`: wide rows. */
    batchNormMoments: { x: "address", partials: "address", width: "i32", rows: "i32", block: "i32" },
    batchNormStatistics: { extends: "combinedBlocks", x: "address", mean: "address", variance: "address" },
    batchNormBackwardSums: {
      dy: "address",
      x: "address",
      mean: "address",
      partials: "address",
      channels: "i32",
      width: "i32",
      rows: "i32",
      block: "i32",
    },
    batchNormGradients: {
      extends: "combinedBlocks",
      dy: "address",
      x: "address",
      mean: "address",
      variance: "address",
      scaleGradient: "address",
      offsetGradient: "address",
      epsilon: "f32",
    },
    batchNormBackwardInput: {
      extends: "channelBlocks",
      dy: "address",
      x: "address",
      mean: "address",
      variance: "address",
      scaleGradient: "address",
      offsetGradient: "address",
      /** 0 without one. */
      gamma: "address",
      dx: "address",
      /** 1 / R */
      share: "f32",
    },
  },
  groupNorm: {
    groupNorm: {
      extends: "groups",
      x: "address",
      /** 0 without one. */
      gamma: "address",
      beta: "address",
      y: "address",
      mean: "address",
      variance: "address",
    },
    groupNormBackwardSums: {
      extends: "groups",
      dy: "address",
      x: "address",
      mean: "address",
      variance: "address",
      /** A row of channels for each task, and the same for the second sum. */
      scalePartials: "address",
      offsetPartials: "address",
      samples: "i32",
      /** Samples of one task. */
      sampleBlock: "i32",
    },
    groupNormBackwardInput: {
      extends: "groups",
      dy: "address",
      x: "address",
      mean: "address",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      dx: "address",
    },
  },
  groupNormRuns: {
    groupNormRuns: {
      extends: "groupRuns",
      x: "address",
      /** 0 without one. */
      gamma: "address",
      beta: "address",
      y: "address",
      mean: "address",
      variance: "address",
    },
    /** For one group a sample. */
    groupNormRunsBackwardSums: {
      extends: "groupRuns",
      dy: "address",
      x: "address",
      mean: "address",
      variance: "address",
      /** A row of channels for each task, and the same for the second sum. */
      scalePartials: "address",
      offsetPartials: "address",
    },
    groupNormRunsBackwardInput: {
      extends: "groupRuns",
      dy: "address",
      x: "address",
      mean: "address",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      dx: "address",
    },
  },
  movingAverage: {
    movingAverage: {
      state: "address",
      value: "address",
      length: "i32",
      block: "i32",
      momentum: "f32",
      /** 1 - momentum, rounded once. */
      share: "f32",
    },
  },
} as const;
