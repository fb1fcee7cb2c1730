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
  /** A pooling whose tasks are blocks of the rows of a sample that are written. */
  rowPooling: {
    extends: "pooling",
    /** Rows of one task, and tasks of a sample. */
    rowBlock: "i32",
    rowTasks: "i32",
  },
  /** Normal numbers for so many elements. */
  noise: {
    length: "i32",
    block: "i32",
    purpose: "i32",
    instance: "i32",
    /** Counter of the first element. */
    first: "u32",
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
  /** Images [H,W,C] resampled to [OH,OW,C], each by a transform of its own; results are scaled and shifted. */
  warping: {
    /** [N,6] */
    transforms: "address",
    y: "address",
    H: "i32",
    W: "i32",
    C: "i32",
    OH: "i32",
    OW: "i32",
    /** Whether it interpolates; otherwise the nearest pixel is taken. */
    bilinear: "i32",
    /** What lies beyond the edges, one of `fill` in src/program/constants.ts. */
    fillMode: "i32",
    /** Scaled and shifted as the pixels are. */
    fillValue: "f32",
    fractionBits: "i32",
    scale: "f32",
    offset: "f32",
    /** Rows of one task, and tasks of an image. */
    block: "i32",
    pieces: "i32",
  },
  /** Samples [..., channels], with the tables of assembly/channels.ts in scratch memory. */
  samples: {
    x: "address",
    y: "address",
    sampleSize: "i32",
    channels: "i32",
    /** Numbers of a wide row. */
    width: "i32",
    /** Numbers of one task, whole wide rows, and tasks of a sample. */
    block: "i32",
    pieces: "i32",
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
  /** A matrix that becomes panels of eight columns. */
  panels: {
    b: "address",
    panels: "address",
    K: "i32",
    N: "i32",
    /** Whether b is stored as [N,K]. */
    transposed: "i32",
    block: "i32",
  },
  /** The inputs of Winograd's tiles: a convolution's, or those of its transpose. */
  winogradTiles: {
    extends: "convolution",
    x: "address",
    /** Outputs of the elementwise function that x is a gradient behind, like x; 0 where the tiles hold x itself. */
    masks: "address",
    maskUnary: "i32",
    maskAlpha: "f32",
    /** Inputs of a tile along each axis: 4 or 6. */
    tileH: "i32",
    tileW: "i32",
    /** The first output of the first tile, and the grid of tiles of one sample. */
    firstRow: "i32",
    firstColumn: "i32",
    gridRows: "i32",
    gridColumns: "i32",
  },
  /** A kernel that becomes filters of Winograd's products: [F / 8][tileH tileW][C][8]. */
  winogradFilters: { kernel: "address", filters: "address", C: "i32", F: "i32", tileH: "i32", tileW: "i32" },
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
