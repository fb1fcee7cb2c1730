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
      /** What is added, like x; 0 without. */
      addend: "address",
      y: "address",
      unary: "i32",
      alpha: "f32",
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
    batchNormStatistics: {
      extends: "combinedBlocks",
      x: "address",
      mean: "address",
      variance: "address",
      /** Moving averages that they go into; 0 for none. */
      movingMean: "address",
      movingVariance: "address",
      meanMomentum: "f32",
      /** 1 - momentum, rounded once. */
      meanShare: "f32",
      varianceMomentum: "f32",
      varianceShare: "f32",
    },
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
    /** The same for a gradient that is computed on the way: (dy + other) f'(y). */
    batchNormMaskedSums: {
      dy: "address",
      /** 0 without. */
      other: "address",
      /** What f' is written in; 0 without a function. */
      y: "address",
      /** Where that gradient goes: it may be dy, other or y. */
      g: "address",
      x: "address",
      mean: "address",
      partials: "address",
      channels: "i32",
      width: "i32",
      rows: "i32",
      block: "i32",
      /** Numbers of dy, those behind the wide rows among them. */
      length: "i32",
      unary: "i32",
      alpha: "f32",
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
  foldNormalization: {
    /** y[r,c] = kernel[r,c] gamma[c] / sqrt(variance[c] + epsilon) */
    foldedKernel: {
      kernel: "address",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      y: "address",
      rows: "i32",
      channels: "i32",
      /** Channels of one task. */
      block: "i32",
      epsilon: "f32",
    },
    /** y[c] = beta[c] + (bias[c] - mean[c]) gamma[c] / sqrt(variance[c] + epsilon) */
    foldedBias: {
      /** 0 without one. */
      bias: "address",
      mean: "address",
      variance: "address",
      gamma: "address",
      beta: "address",
      y: "address",
      channels: "i32",
      block: "i32",
      epsilon: "f32",
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
