/** Optimizers, constraints, penalties and what metrics count. `index.ts` says how to read it. */
export const trainingKernels = {
  optimizerUpdates: {
    /** `v` is 0 without momentum. */
    sgdUpdate: {
      w: "address",
      g: "address",
      v: "address",
      length: "i32",
      block: "i32",
      momentum: "f32",
      nesterov: "i32",
    },
    rmspropUpdate: {
      w: "address",
      g: "address",
      square: "address",
      /** 0 without momentum. */
      velocity: "address",
      /** 0 unless centered. */
      mean: "address",
      length: "i32",
      block: "i32",
      rho: "f32",
      /** 1 - rho, rounded once. */
      share: "f32",
      momentum: "f32",
      epsilon: "f32",
    },
    adamUpdate: {
      w: "address",
      g: "address",
      m: "address",
      v: "address",
      /** 0 without amsgrad. */
      maxV: "address",
      length: "i32",
      block: "i32",
      /** 1 - beta1 and 1 - beta2, rounded once. */
      share1: "f32",
      share2: "f32",
      epsilon: "f32",
      weightDecay: "f32",
    },
    adagradUpdate: { w: "address", g: "address", a: "address", length: "i32", block: "i32", epsilon: "f32" },
    nadamUpdate: {
      w: "address",
      g: "address",
      m: "address",
      v: "address",
      length: "i32",
      block: "i32",
      /** 1 - beta1 and 1 - beta2, rounded once. */
      share1: "f32",
      share2: "f32",
      epsilon: "f32",
    },
    lionUpdate: {
      w: "address",
      g: "address",
      m: "address",
      length: "i32",
      block: "i32",
      /** A decay, and 1 - that, rounded once. */
      beta1: "f32",
      share1: "f32",
      beta2: "f32",
      share2: "f32",
      weightDecay: "f32",
    },
    decayWeights: { w: "address", length: "i32", block: "i32", rate: "f32" },
  },
  labelHistogram: {
    labelHistogram: {
      predictions: "address",
      labels: "address",
      counts: "address",
      length: "i32",
      block: "i32",
      buckets: "i32",
      /** Whether every task has counts of its own, one behind the other, to be filled from 0 on. */
      partial: "i32",
    },
    /** `partials`: [rows][length] */
    sumCounts: { partials: "address", counts: "address", rows: "i32", length: "i32", block: "i32" },
  },
  constraints: {
    constrainNorm: {
      w: "address",
      /** Kept axes: a norm for each of A B places. */
      A: "i32",
      B: "i32",
      strideA: "i32",
      strideB: "i32",
      /** Axes that a norm is taken over. */
      R: "i32",
      S: "i32",
      strideR: "i32",
      strideS: "i32",
      /** Norms of one task. */
      block: "i32",
      limit: "f32",
      /** Whether every norm becomes the limit. */
      unit: "i32",
    },
    nonNegative: { w: "address", length: "i32", block: "i32" },
  },
  penalty: {
    penalty: {
      w: "address",
      partials: "address",
      length: "i32",
      block: "i32",
      /** Both times scale. */
      l1: "f32",
      l2: "f32",
    },
    penaltyBackward: {
      w: "address",
      dw: "address",
      length: "i32",
      block: "i32",
      /** scale l1 and 2 scale l2 */
      l1: "f32",
      l2: "f32",
    },
  },
  weightedMean: {
    weightedMean: {
      v: "address",
      /** 0 without weights. */
      weights: "address",
      partials: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
    },
    weightedMeanBackward: {
      /** 0 without weights. */
      weights: "address",
      dv: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
      /** scale / C */
      factor: "f32",
    },
  },
} as const;
