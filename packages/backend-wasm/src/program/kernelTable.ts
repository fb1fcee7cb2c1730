/**
 * Every kernel of `assembly/` and its arguments, in the order in which they stand in a program. This table is the one source:
 * the classes in `assembly/generated/args.ts` and the dispatch in `assembly/generated/dispatch.ts` are generated from it
 * (`npm run generate`), and encoders are typed by it.
 *
 * The outer names are the files of `assembly/`, the inner ones the kernels that a file exports: the op's own name where an op
 * is one kernel. `extends` names a shared layout that an entry begins with. An "address" is in bytes, and 0 where there is no
 * such tensor. Most kernels cut their work into tasks of `block` elements, rows, columns or panels.
 */

/** Arguments that several kernels begin with: a class that functions for all of them take. */
export const sharedLayouts = {
  /** What all convolution kernels begin with; sizes as in core's `convolutionGeometry`. */
  convolution: {
    H: "i32",
    W: "i32",
    C: "i32",
    F: "i32",
    OH: "i32",
    OW: "i32",
    KH: "i32",
    KW: "i32",
    strideH: "i32",
    strideW: "i32",
    top: "i32",
    left: "i32",
    dilationH: "i32",
    dilationW: "i32",
    /** Whether any output reads padding. */
    padded: "i32",
  },
  /** A convolution and where the gradient of its output is read, behind a pooling and an elementwise function. */
  outputGradient: {
    extends: "convolution",
    /** [N,GH,GW,F] */
    dy: "address",
    /** Outputs of the elementwise function, like dy; 0 without one. */
    y: "address",
    /** Position of each window's maximum, like dy; 0 without pooling. */
    argmax: "address",
    unary: "i32",
    alpha: "f32",
    GH: "i32",
    GW: "i32",
    PH: "i32",
    PW: "i32",
    poolStrideH: "i32",
    poolStrideW: "i32",
    poolTop: "i32",
    poolLeft: "i32",
    poolDilationH: "i32",
    poolDilationW: "i32",
  },
  /** A pooling; its gradient writes dx to `x` and reads dy from `y`. */
  pooling: {
    x: "address",
    y: "address",
    /** 0 where nothing reads it. */
    argmax: "address",
    H: "i32",
    W: "i32",
    C: "i32",
    OH: "i32",
    OW: "i32",
    KH: "i32",
    KW: "i32",
    strideH: "i32",
    strideW: "i32",
    top: "i32",
    left: "i32",
    dilationH: "i32",
    dilationW: "i32",
  },
  /** Normal numbers for so many elements. */
  noise: {
    length: "i32",
    block: "i32",
    purpose: "i32",
    instance: "i32",
    stddev: "f32",
  },
  /** Images [H,W,C] in the size [OH,OW]. */
  resizing: {
    H: "i32",
    W: "i32",
    C: "i32",
    OH: "i32",
    OW: "i32",
    /** Whether it interpolates; otherwise the nearest pixel is taken. */
    bilinear: "i32",
    /** Rows of what is written, those of one task. */
    rows: "i32",
    block: "i32",
    /** Places in scratch memory. */
    rowOffset: "i32",
    sumsOffset: "i32",
  },
  /** A depthwise convolution by bands of rows and blocks of channels. */
  depthwise: {
    H: "i32",
    W: "i32",
    /** Output channels. */
    F: "i32",
    OH: "i32",
    OW: "i32",
    KH: "i32",
    KW: "i32",
    strideH: "i32",
    strideW: "i32",
    top: "i32",
    left: "i32",
    dilationH: "i32",
    dilationW: "i32",
    /** Columns of a band. */
    columns: "i32",
    /** Output channels of one task, and tasks for all of them. */
    channelBlock: "i32",
    channelTasks: "i32",
    /** Rows of a band. */
    bandRows: "i32",
  },
  /** Groups of channels of samples [positions, channels], with the tables of assembly/channels.ts in scratch memory. */
  groups: {
    positions: "i32",
    channels: "i32",
    groups: "i32",
    /** Numbers of a wide row, wide rows of a sample, and those that are summed up in float32. */
    width: "i32",
    wideRows: "i32",
    chunk: "i32",
    epsilon: "f32",
  },
  /** Groups that are runs of contiguous numbers: where a sample has one position. */
  groupRuns: {
    /** Numbers of a group. */
    length: "i32",
    /** Groups of a sample, and of all of them. */
    groups: "i32",
    count: "i32",
    /** Groups of one task. */
    block: "i32",
    epsilon: "f32",
  },
  /** Every number of rows of channels, with the tables of assembly/channels.ts in scratch memory. */
  channelBlocks: {
    length: "i32",
    channels: "i32",
    /** Numbers of a wide row. */
    width: "i32",
    /** Numbers of one task: whole wide rows. */
    block: "i32",
    epsilon: "f32",
  },
  /** Two sums of every block of wide rows, which are combined channel by channel. */
  combinedBlocks: {
    /** [blocks][2][width] */
    partials: "address",
    rows: "i32",
    channels: "i32",
    /** Numbers of a wide row. */
    width: "i32",
    /** Wide rows; those rows that are too few for one more are read themselves. */
    wideRows: "i32",
    blocks: "i32",
    /** Wide rows of a block. */
    blockRows: "i32",
    /** Channels of one task. */
    block: "i32",
  },
} as const;

/** The kernels by file. */
export const kernelFiles = {
  /** No named arguments: it gets the addresses of the results themselves. */
  storeResults: { storeResults: {} },
  peak: { peak: { repetitions: "i32" } },
  add: { add: { a: "address", b: "address", y: "address", length: "i32", block: "i32" } },
  affine: { affine: { x: "address", y: "address", length: "i32", block: "i32", scale: "f32", offset: "f32" } },
  multiply: { multiply: { a: "address", b: "address", y: "address", length: "i32", block: "i32" } },
  maximum: {
    maximum: { a: "address", b: "address", y: "address", length: "i32", block: "i32" },
    /** `input`: whose gradient it is, 0 for a. */
    maximumBackward: {
      dy: "address",
      a: "address",
      b: "address",
      dx: "address",
      length: "i32",
      block: "i32",
      input: "i32",
    },
  },
  concat: {
    /** Rows of `run` numbers, one behind the other in x, `stride` apart in y. */
    concat: { x: "address", y: "address", rows: "i32", run: "i32", stride: "i32", block: "i32" },
  },
  pad: {
    /** x: [A,B,C,D], y: [rows / (outB outC), outB, outC, outD]; zeros before the first number of each axis, or fewer than 0. */
    pad: {
      x: "address",
      y: "address",
      A: "i32",
      B: "i32",
      C: "i32",
      D: "i32",
      outB: "i32",
      outC: "i32",
      outD: "i32",
      beforeA: "i32",
      beforeB: "i32",
      beforeC: "i32",
      beforeD: "i32",
      rows: "i32",
      /** Rows of one task, or tasks of a row and their numbers. */
      block: "i32",
      pieces: "i32",
      pieceSize: "i32",
    },
  },
  transpose: {
    /** y: [rows / (B C), B, C, run], whose axes are so many numbers apart in x; runs are contiguous in both. */
    transposeRows: {
      x: "address",
      y: "address",
      B: "i32",
      C: "i32",
      strideA: "i32",
      strideB: "i32",
      strideC: "i32",
      rows: "i32",
      run: "i32",
      block: "i32",
    },
    /** Matrices [rows, columns] of x as [columns, rows] of y, at B places along one axis and any number along another. */
    transpose: {
      x: "address",
      y: "address",
      B: "i32",
      /** Numbers from one matrix to the next along both axes. */
      strideA: "i32",
      strideB: "i32",
      outStrideA: "i32",
      outStrideB: "i32",
      rows: "i32",
      columns: "i32",
      /** Numbers from one row to the next. */
      stride: "i32",
      outStride: "i32",
      /** Rows and columns of one task, and the tasks of a matrix. */
      rowBlock: "i32",
      rowTasks: "i32",
      columnBlock: "i32",
      columnTasks: "i32",
    },
  },
  biasAdd: {
    biasAdd: { x: "address", bias: "address", y: "address", rows: "i32", channels: "i32", block: "i32" },
    /** `y` is one row of sums for each task. */
    biasAddBackward: { x: "address", y: "address", rows: "i32", channels: "i32", block: "i32" },
  },
  clip: {
    clipByValue: { gradients: "address", length: "i32", block: "i32", limit: "f32" },
    /** `partials` are float64, one for each of `blocks` tasks. */
    sumSquares: { gradients: "address", partials: "address", length: "i32", block: "i32" },
    clipByNorm: { gradients: "address", partials: "address", length: "i32", block: "i32", blocks: "i32", limit: "f32" },
  },
  sumPartials: {
    /** `stride`: numbers from one partial sum to the next. */
    sumPartials: { x: "address", y: "address", partials: "i32", stride: "i32", length: "i32", block: "i32" },
  },
  unary: {
    unary: { x: "address", y: "address", length: "i32", block: "i32", unary: "i32", alpha: "f32" },
    unaryBackward: {
      dy: "address",
      /** Outputs of the function or its inputs, whichever its derivative is written in. */
      y: "address",
      dx: "address",
      length: "i32",
      block: "i32",
      unary: "i32",
      alpha: "f32",
    },
  },
  dropout: {
    /** `block` is a multiple of 8. */
    dropout: {
      x: "address",
      y: "address",
      length: "i32",
      block: "i32",
      purpose: "i32",
      instance: "i32",
      threshold: "u32",
      factor: "f32",
    },
    channelDropout: {
      x: "address",
      y: "address",
      sampleSize: "i32",
      channels: "i32",
      /** Numbers of a wide row. */
      width: "i32",
      /** Numbers of one task, whole wide rows, and tasks of a sample. */
      block: "i32",
      pieces: "i32",
      purpose: "i32",
      instance: "i32",
      threshold: "u32",
      factor: "f32",
    },
  },
  noise: {
    gaussianNoise: { extends: "noise", x: "address", y: "address" },
    gaussianDropout: { extends: "noise", x: "address", y: "address" },
  },
  resize2d: {
    resize2d: { extends: "resizing", x: "address", y: "address" },
    resize2dBackward: { extends: "resizing", dy: "address", dx: "address" },
  },
  rows: {
    gatherRows: {
      source: "address",
      /** 0 without an order. */
      order: "address",
      y: "address",
      sourceRows: "i32",
      orderRows: "i32",
      rowSize: "i32",
      /** Element types of source and result. */
      from: "i32",
      to: "i32",
      scale: "f32",
    },
    storeRows: { values: "address", destination: "address", rows: "i32", rowBytes: "i32" },
  },
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
  depthwiseConv2d: {
    depthwiseConv2d: {
      extends: "depthwise",
      x: "address",
      /** The tap that the first position of a window reads. */
      kernel: "address",
      y: "address",
      /** Numbers of a pixel of x and y, lanes that each number of x fills, and lanes that make a number of y. */
      inputPixel: "i32",
      outputPixel: "i32",
      expand: "i32",
      fold: "i32",
      /** Numbers from one tap to the next; below 0 for a kernel turned round. */
      tapStride: "i32",
      /** Bands of a sample. */
      bands: "i32",
      /** Place in scratch memory of sums that are folded. */
      sumsOffset: "i32",
    },
  },
  depthwiseConv2dBackwardInput: {
    depthwiseConv2dBackwardInput: {
      extends: "depthwise",
      dy: "address",
      kernel: "address",
      dx: "address",
      C: "i32",
      M: "i32",
      /** Bands of a sample. */
      bands: "i32",
    },
  },
  depthwiseConv2dBackwardFilter: {
    depthwiseConv2dBackwardFilter: {
      extends: "depthwise",
      x: "address",
      dy: "address",
      /** [sample tasks][KH KW][F] */
      partials: "address",
      N: "i32",
      C: "i32",
      M: "i32",
      /** Samples of one task. */
      sampleBlock: "i32",
      /** Place of the band in scratch memory. */
      bandOffset: "i32",
    },
  },
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
  maxPool2d: { maxPool2d: { extends: "pooling" }, maxPool2dBackward: { extends: "pooling" } },
  averagePool2d: { averagePool2d: { extends: "pooling" }, averagePool2dBackward: { extends: "pooling" } },
  packPanels: {
    /** `transposed`: whether b is stored as [N,K]. */
    packPanels: { b: "address", panels: "address", K: "i32", N: "i32", transposed: "i32", block: "i32" },
  },
  matMul: {
    matMul: {
      a: "address",
      /** Rows of b, or panels of eight columns: [ceil(N / 8)][K][8]. */
      b: "address",
      c: "address",
      /** 0 without bias. */
      bias: "address",
      M: "i32",
      N: "i32",
      K: "i32",
      transposeA: "i32",
      /** Whether b is packed in panels. */
      packed: "i32",
      /** Rows and panels of one task, and tasks side by side. */
      rowBlock: "i32",
      panelBlock: "i32",
      panelTasks: "i32",
      unary: "i32",
      alpha: "f32",
    },
  },
  conv2d: {
    conv2d: {
      extends: "convolution",
      x: "address",
      /** Kernel in panels of eight output channels: [ceil(F / 8)][KH KW C][8]. */
      panels: "address",
      /** 0 without bias. */
      bias: "address",
      y: "address",
      /** 0 where nothing reads it. */
      argmax: "address",
      /** Convolution outputs that are needed: OH and OW, or fewer where pooling leaves some out. */
      rows: "i32",
      columns: "i32",
      /** Rows of one task, and tasks of a sample. */
      bandRows: "i32",
      bands: "i32",
      unary: "i32",
      alpha: "f32",
      /** Whether runs of contiguous taps are too short for matrix tiles. */
      shallow: "i32",
      /** Places in scratch memory: the padded band, the outputs before pooling. */
      bandOffset: "i32",
      outputOffset: "i32",
      /** Whether the arguments of a pooling follow. */
      pooled: "i32",
    },
  },
  conv2dWinograd: {
    /** `filters`: [F / 8][tileH tileW][C][8] */
    conv2dWinogradFilters: { kernel: "address", filters: "address", C: "i32", F: "i32", tileH: "i32", tileW: "i32" },
    conv2dWinograd: {
      extends: "convolution",
      x: "address",
      /** Transformed kernel. */
      filters: "address",
      /** 0 without bias. */
      bias: "address",
      y: "address",
      /** 0 where nothing reads it. */
      argmax: "address",
      /** Inputs of a tile along each axis: 4 or 6. */
      tileH: "i32",
      tileW: "i32",
      /** The first output of the first tile, and the grid of tiles of one sample. */
      firstRow: "i32",
      firstColumn: "i32",
      gridRows: "i32",
      gridColumns: "i32",
      /** Tiles of all samples together, and of one task. */
      tiles: "i32",
      block: "i32",
      unary: "i32",
      alpha: "f32",
      /** Size of y behind a 2 x 2 pooling; 0 without. */
      pooledRows: "i32",
      pooledColumns: "i32",
      /** Places of V and M in scratch memory, and the distances from one of their matrices to the next. */
      inputOffset: "i32",
      productOffset: "i32",
      inputStride: "i32",
      productStride: "i32",
    },
  },
  packFilters: {
    /** [KH][KW][C][F] to [F][rows][runPadded]. */
    packFilters: { kernel: "address", filters: "address", F: "i32", rows: "i32", run: "i32", runPadded: "i32" },
  },
  conv2dBackwardFilter: {
    conv2dBackwardFilter: {
      extends: "outputGradient",
      x: "address",
      /** [blocks][F][KH runs][runPadded]: sums of one block of samples. */
      partials: "address",
      /** [blocks][F], or 0 where no bias gradient is wanted. */
      biasPartials: "address",
      N: "i32",
      /** Samples of one task, output channels of one task, tasks for all channels. */
      sampleBlock: "i32",
      channelBlock: "i32",
      channelTasks: "i32",
      /** Samples that share a list. */
      together: "i32",
      /** Rows of dy that share a list; GH when several samples do. */
      bandRows: "i32",
      /** Contiguous taps, and their number rounded up to whole vectors. */
      run: "i32",
      runPadded: "i32",
      /** Runs of a kernel row: 1, or KW with dilated columns. */
      runs: "i32",
      /** Entries that one list can hold. */
      capacity: "i32",
      /** Places in scratch memory. */
      tableOffset: "i32",
      rowOffset: "i32",
      endsOffset: "i32",
      listsOffset: "i32",
      bandOffset: "i32",
      /** Input gradient of small images, or 0; where it is made a task has all channels and whole samples. */
      dx: "address",
      /** Filters as [F][KH runs][runPadded], for dx. */
      filters: "address",
      /** Whether dx is made in scratch memory, with its padding, and then copied; and where. */
      copied: "i32",
      dxOffset: "i32",
    },
    /** `partials`: [blocks][F][rows][runPadded] to kernel [KH][KW][C][F]. */
    sumFilterPartials: {
      partials: "address",
      kernel: "address",
      blocks: "i32",
      F: "i32",
      rows: "i32",
      runPadded: "i32",
      run: "i32",
    },
  },
  conv2dBackwardInput: {
    conv2dBackwardInput: {
      extends: "outputGradient",
      dx: "address",
      /** Filters as [F][KH runs][runPadded]. */
      filters: "address",
      /** Rows of dx of one task, and tasks of a sample. */
      bandRows: "i32",
      bands: "i32",
      run: "i32",
      runPadded: "i32",
      runs: "i32",
      /** Entries that one list can hold. */
      capacity: "i32",
      /** Whether sums are made in scratch memory and then copied: with padding, or rows that are not whole vectors. */
      copied: "i32",
      /** Places in scratch memory. */
      tableOffset: "i32",
      rowOffset: "i32",
      countsOffset: "i32",
      listsOffset: "i32",
      bandOffset: "i32",
    },
  },
} as const;
