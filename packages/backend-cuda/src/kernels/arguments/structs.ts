/**
 * The structs among the kernels' arguments, with their fields in the order of their declarations in kernels/. A type is the
 * C++ one without `const` and `__restrict__`; declarations.test.ts compares the two.
 */
export const structs = {
  Divisor: { divisor: "uint32_t", multiplier: "uint32_t", shift: "uint32_t" },

  Activation: { code: "int", alpha: "float", low: "float", high: "float" },
  OutputActivation: { below: "float", cap: "float", curve: "int", alpha: "float" },
  Quadratics: { above: "float[3]", below: "float[3]", cap: "float" },

  ConvolutionShape: {
    N: "int",
    H: "int",
    W: "int",
    C: "int",
    KH: "int",
    KW: "int",
    F: "int",
    OH: "int",
    OW: "int",
    PH: "int",
    PW: "int",
    strideH: "int",
    strideW: "int",
    top: "int",
    left: "int",
    dilationH: "int",
    dilationW: "int",
    byC: "Divisor",
    byF: "Divisor",
    byKW: "Divisor",
    byInputArea: "Divisor",
    byW: "Divisor",
    byOutputArea: "Divisor",
    byOW: "Divisor",
    byPooledArea: "Divisor",
    byPW: "Divisor",
    byStrideH: "Divisor",
    byStrideW: "Divisor",
  },
  ForwardOutput: { y: "float*", argmax: "int*", bias: "float*" },
  BackwardInputs: { x: "float*", kernel: "float*", gradient: "float*", output: "float*", argmax: "int*" },
  BackwardOutputs: { dx: "float*", dk: "float*", db: "float*", partial: "float*", counters: "uint32_t*" },
  BackwardGrid: {
    inputRows: "int",
    inputColumns: "int",
    kernelRows: "int",
    kernelColumns: "int",
    splits: "int",
    splitLength: "int",
    patchRows: "int",
    parameterRows: "int",
  },

  PoolingShape: {
    N: "int",
    H: "int",
    W: "int",
    C: "int",
    windowH: "int",
    windowW: "int",
    OH: "int",
    OW: "int",
    strideH: "int",
    strideW: "int",
    top: "int",
    left: "int",
    dilationH: "int",
    dilationW: "int",
    byC: "Divisor",
    byW: "Divisor",
    byH: "Divisor",
    byOW: "Divisor",
    byOH: "Divisor",
    byWindowW: "Divisor",
  },

  ChannelTile: { C: "int", byColumns: "Divisor", lines: "int" },
  StretchSums: { partial: "float*", counters: "uint32_t*", rowsPerStretch: "int" },

  Labels: { classes: "int*", targets: "float*" },
  RowSums: { partial: "float*", counter: "uint32_t*" },
  LossInputs: { labels: "Labels", weights: "float*", accuracyLabels: "Labels", scale: "float" },
  LossOutputs: { loss: "float*", probabilities: "float*", correct: "float*", gradient: "float*" },

  RmspropSettings: { rho: "float", oneMinusRho: "float", momentum: "float", epsilon: "float" },
  AdamSettings: { oneMinusBeta1: "float", oneMinusBeta2: "float", epsilon: "float", weightDecay: "float" },

  StepState: { cursor: "uint32_t", fault: "uint32_t" },
  StepEnd: {
    state: "StepState*",
    results: "float**",
    reported: "float*",
    counter: "uint32_t*",
    count: "int",
    ends: "int",
  },

  GatherSource: {
    source: "void*",
    order: "int*",
    batch: "void*",
    byRow: "Divisor",
    count: "int",
    rows: "int",
    orderLength: "int",
    scale: "float",
    type: "int",
  },
  GatherSources: { sources: "GatherSource[4]", table: "StepRow*", state: "StepState*" },
} as const;

/** Enumerations that kernels switch on. */
export const enums = {
  ActivationCode: {
    relu: 0,
    relu6: 1,
    leakyRelu: 2,
    elu: 3,
    sigmoid: 4,
    hyperbolicTangent: 5,
    logarithm: 6,
    logit: 7,
  },
  SourceType: { bytesToFloat: 0, floatToFloat: 1, wordsToWords: 2 },
} as const;

/** Constants that both sides count with. */
export const constants = {
  /** Threads of every block. */
  blockThreads: 256,
  /** Sources that one launch gathers from at most. */
  maxSources: 4,
} as const;
