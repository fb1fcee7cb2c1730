/** Elementwise ops, copies, data and noise. `index.ts` says how to read it. */
export const tensorKernels = {
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
    /** `block` is a multiple of 8. The first element takes a half of counter `firstPair`: the second where `odd` is 1. */
    dropout: {
      x: "address",
      y: "address",
      length: "i32",
      block: "i32",
      purpose: "i32",
      instance: "i32",
      firstPair: "u32",
      odd: "i32",
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
      firstPair: "u32",
      odd: "i32",
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
      /** Added to the scaled numbers; -0 for nothing, which leaves a -0 as it is. */
      offset: "f32",
    },
    storeRows: { values: "address", destination: "address", rows: "i32", rowBytes: "i32" },
  },
} as const;
