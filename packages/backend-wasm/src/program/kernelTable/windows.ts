/** Pooling, matrix products and convolutions. `index.ts` says how to read it. */
export const windowKernels = {
  maxPool2d: { maxPool2d: { extends: "rowPooling" }, maxPool2dBackward: { extends: "rowPooling" } },
  averagePool2d: { averagePool2d: { extends: "rowPooling" }, averagePool2dBackward: { extends: "rowPooling" } },
  packPanels: {
    packPanels: { extends: "panels" },
    /** Each column times gamma / sqrt(variance + epsilon). */
    packNormalizedPanels: {
      extends: "panels",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      epsilon: "f32",
    },
  },
  matMul: {
    matMul: {
      a: "address",
      /** Rows of b, [N,K] where they become panels by the way, or panels of eight columns: [ceil(N / 8)][K][8]. */
      b: "address",
      c: "address",
      /** 0 without bias. */
      bias: "address",
      /** What is added to c, a matrix like it; 0 without. */
      addend: "address",
      M: "i32",
      N: "i32",
      K: "i32",
      transposeA: "i32",
      /** What b is: `panelSources` in constants.ts. */
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
      /** What is added to the outputs, [N,OH,OW,F]; 0 without. */
      addend: "address",
      /** Convolution outputs that are needed: OH and OW, or fewer where pooling leaves some out. */
      rows: "i32",
      columns: "i32",
      /** Rows of one task, pooled ones where `pooledRows` is not 0, and tasks of a sample. */
      bandRows: "i32",
      bands: "i32",
      /** Pooled rows at a time, where windows do not lie side by side; 0 where they do, or without pooling. */
      pooledRows: "i32",
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
    conv2dWinogradFilters: { extends: "winogradFilters" },
    /** Each filter times gamma / sqrt(variance + epsilon). */
    conv2dWinogradNormalizedFilters: {
      extends: "winogradFilters",
      variance: "address",
      /** 0 without one. */
      gamma: "address",
      epsilon: "f32",
    },
    /** Of the transpose: C and F are those of the convolution that makes the gradient, kernel [3][3][F][C]. */
    conv2dWinogradTurnedFilters: { extends: "winogradFilters" },
    conv2dWinograd: {
      extends: "winogradTiles",
      /** Transformed kernel. */
      filters: "address",
      /** As it was given, for outputs that rounding could decide about; 0 where that does not matter. */
      kernel: "address",
      /** 0 without bias. */
      bias: "address",
      y: "address",
      /** 0 where nothing reads it. */
      argmax: "address",
      /** What is added to the outputs, [N,OH,OW,F]; 0 without. */
      addend: "address",
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
  conv2dWinogradBackwardFilter: {
    /** V of some tiles: [cells][C / 4][tiles][4]. */
    winogradInputs: {
      extends: "winogradTiles",
      to: "address",
      /** The first of them among the tiles of all samples, their number, and those of one task. */
      firstTile: "i32",
      tiles: "i32",
      block: "i32",
      /** Bytes from four channels to the next four, and from a matrix to the next. */
      groupStride: "i32",
      cellStride: "i32",
    },
    /** W of some tiles: [cells][F / 8][tiles][8]. Here a tile has 2 or 4 numbers of x along an axis, which is a gradient. */
    winogradGradients: {
      extends: "winogradTiles",
      to: "address",
      /** [tasks][F], or 0 where no bias gradient is wanted. */
      biasPartials: "address",
      firstTile: "i32",
      tiles: "i32",
      block: "i32",
      panelStride: "i32",
      cellStride: "i32",
    },
    /** [cells][F / 8][C][8]: V^T W, added to what is there unless these are the first tiles. */
    winogradProducts: {
      inputs: "address",
      gradients: "address",
      products: "address",
      first: "i32",
      C: "i32",
      F: "i32",
      tiles: "i32",
      groupStride: "i32",
      inputStride: "i32",
      panelStride: "i32",
      gradientStride: "i32",
      /** Panels of one task, and tasks of a matrix. */
      panelBlock: "i32",
      panelTasks: "i32",
    },
    /** Products to the kernel's gradient, added to what is there unless these are the first. */
    winogradKernel: {
      products: "address",
      kernel: "address",
      first: "i32",
      C: "i32",
      F: "i32",
      tileH: "i32",
      tileW: "i32",
    },
  },
  packFilters: {
    /** [KH][KW][C][F] to [F][rows][runPadded]. */
    packFilters: { kernel: "address", filters: "address", F: "i32", rows: "i32", run: "i32", runPadded: "i32" },
  },
  depthwiseConv2d: {
    depthwiseConv2d: {
      extends: "depthwise",
      x: "address",
      /** The tap that the first position of a window reads. */
      kernel: "address",
      /** 0 without bias. */
      bias: "address",
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
      unary: "i32",
      alpha: "f32",
    },
  },
  depthwiseConv2dDirect: {
    /** Reads the image where it lies, `channelBlock` channels of a band of rows a task. */
    depthwiseConv2dDirect: {
      x: "address",
      /** The tap that the first position of a window reads. */
      kernel: "address",
      /** 0 without bias. */
      bias: "address",
      y: "address",
      H: "i32",
      W: "i32",
      F: "i32",
      OH: "i32",
      OW: "i32",
      KH: "i32",
      KW: "i32",
      strideH: "i32",
      strideW: "i32",
      top: "i32",
      left: "i32",
      /** Numbers from one tap to the next; below 0 for a kernel turned round. */
      tapStride: "i32",
      channelBlock: "i32",
      channelTasks: "i32",
      bandRows: "i32",
      bands: "i32",
      unary: "i32",
      alpha: "f32",
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
  conv2dBackwardFilterDense: {
    conv2dBackwardFilterDense: {
      extends: "outputGradient",
      x: "address",
      /** [blocks][KH KW C][F]: sums of one block of rows. */
      partials: "address",
      /** [blocks][F], or 0 where no bias gradient is wanted. */
      biasPartials: "address",
      N: "i32",
      /** Output rows of one task, across samples. */
      rowBlock: "i32",
      /** Strips of four taps of one task, and tasks for all of them. */
      stripBlock: "i32",
      stripTasks: "i32",
      /** Output rows that a strip holds at most, and their pixels. */
      bandRows: "i32",
      pixels: "i32",
      /** Contiguous taps, and runs of a kernel row: 1, or KW with dilated columns. */
      run: "i32",
      runs: "i32",
      /** Places in scratch memory. */
      tableOffset: "i32",
      stripOffset: "i32",
      gradientOffset: "i32",
      bandOffset: "i32",
      panelsOffset: "i32",
    },
  },
  conv2dBackwardInputPointwise: {
    conv2dBackwardInputPointwise: {
      extends: "outputGradient",
      /** Transposed kernel in panels of eight input channels: [ceil(C / 8)][F][8]. */
      panels: "address",
      dx: "address",
      pixels: "i32",
      block: "i32",
      /** Places in scratch memory. */
      gradientOffset: "i32",
      tileOffset: "i32",
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
