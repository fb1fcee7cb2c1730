/** Losses and metrics. `index.ts` says how to read it. */
export const lossKernels = {
  softmax: {
    softmax: { x: "address", y: "address", rows: "i32", classes: "i32", block: "i32" },
    softmaxBackward: { dy: "address", y: "address", dx: "address", rows: "i32", classes: "i32", block: "i32" },
  },
  softmaxCrossEntropy: {
    /** The loss and, where their addresses are not 0, its gradient and the accuracy. */
    softmaxCrossEntropy: {
      logits: "address",
      labels: "address",
      /** 0 without weights. */
      weights: "address",
      /** 0 where nothing reads them. */
      probabilities: "address",
      gradient: "address",
      lossPartials: "address",
      accuracyLabels: "address",
      correctPartials: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
      labelKind: "i32",
      /** Kind of the accuracy's labels; 0 without accuracy. */
      accuracyKind: "i32",
      scale: "f32",
    },
    softmaxCrossEntropyBackward: {
      probabilities: "address",
      labels: "address",
      /** 0 without weights. */
      weights: "address",
      dx: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
      labelKind: "i32",
      scale: "f32",
    },
  },
  sigmoidCrossEntropy: {
    sigmoidCrossEntropy: {
      x: "address",
      targets: "address",
      /** 0 without weights. */
      weights: "address",
      probabilities: "address",
      partials: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
    },
    sigmoidCrossEntropyBackward: {
      probabilities: "address",
      targets: "address",
      /** 0 without weights. */
      weights: "address",
      dx: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
      /** scale / C */
      factor: "f32",
    },
  },
  meanSquaredError: {
    meanSquaredError: {
      x: "address",
      targets: "address",
      /** 0 without weights. */
      weights: "address",
      partials: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
    },
    meanSquaredErrorBackward: {
      x: "address",
      targets: "address",
      /** 0 without weights. */
      weights: "address",
      dx: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
      /** 2 scale / C */
      factor: "f32",
    },
  },
  accuracy: {
    accuracy: {
      predictions: "address",
      labels: "address",
      partials: "address",
      rows: "i32",
      classes: "i32",
      block: "i32",
      labelKind: "i32",
      /** 0 for plain accuracy. */
      k: "i32",
    },
  },
} as const;
