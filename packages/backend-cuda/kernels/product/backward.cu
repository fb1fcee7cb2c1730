// Gradients of a convolution for its input, kernel and bias, in one launch; dense layers as well.
//
//   dx[n,h,w,c]    = sum over f and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,f] * k[kh,kw,c,f]
//   dk[kh,kw,c,f]  = sum over n,oh,ow of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * dy[n,oh,ow,f]
//   db[f]          = sum over n,oh,ow of dy[n,oh,ow,f]
//
// dy [N,OH,OW,F] comes out of the gradient of the activation (and of the 2x2 pooling) as it is loaded.
// Cost: 4 N OH OW KH KW C F operations for dx and dk together.
// Idea: two implicit products whose tiles share one grid, so that the few blocks of the one fill what the other leaves
// of the device. dk has few outputs and long sums: they are split over blocks, each split's sums go to the workspace,
// and the last block to come adds them up in the order of the splits: same bits every time. db is a row of ones above
// the patches.
// Predicted, H200, tutorial's second layer at batch 64: 8 us tf32, 12 us fp32; not measured.
//
// Grid: inputBlocks tiles of dx, then kernelBlocks tiles of dk times splits. Kernels: conv2dBackward[Unpool]<tile of
// dx> <tile of dk><precision>.
#include "backwardLoaders.h"
#include "forwardLoaders.h"
#include "../reduce.h"
#include "tiles.h"

struct BackwardInputs {
  const float* x;
  const float* kernel;
  const float* gradient;
  const float* output;
  const int* argmax;
};

struct BackwardOutputs {
  // Null where not wanted.
  float* dx;
  float* dk;
  float* db;
  // [splits, rows of dk and db, F]
  float* partial;
  // One for each tile of dk; 0 between launches.
  uint32_t* counters;
};

struct BackwardGrid {
  // Tiles of dx down and across, and of dk.
  int inputRows, inputColumns;
  int kernelRows, kernelColumns;
  int splits;
  // Positions in one split: a multiple of what a slice of all groups takes.
  int splitLength;
  // Rows of dk, 0 where it is not wanted; and those with that of db.
  int patchRows, parameterRows;
};

struct StoreMatrix {
  float* __restrict__ to;
  int rows, columns;

  DEVICE void begin() const {}
  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= columns) return;
    UNROLL
    for (int i = 0; i < 4; i++) {
      if (row + i < rows) to[(row + i) * columns + column] = quad[i];
    }
  }
};

// dk and, in the row below, db.
struct StoreParameters {
  float* __restrict__ dk;
  float* __restrict__ db;
  int rows, columns;

  DEVICE void put(int row, int column, float value) const {
    if (row < rows) {
      dk[row * columns + column] = value;
    } else if (row == rows && db) {
      db[column] = value;
    }
  }
  DEVICE void begin() const {}
  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= columns) return;
    UNROLL
    for (int i = 0; i < 4; i++) put(row + i, column, quad[i]);
  }
};

// Adds up one tile over the splits. One block does this while the rest of the device waits, so it keeps many reads
// under way: sixteen a thread, and no thread is spent on what lies outside.
template <class Tile>
DEVICE void addSplits(const StoreParameters& store, const float* partial, int rows, int firstRow, int firstColumn,
                      int splits) {
  constexpr int readsAtOnce = 16;
  const int splitFloats = rows * store.columns;
  const int height = min(Tile::rows, rows - firstRow), width = min(Tile::columns, store.columns - firstColumn);
  for (int i = threadIdx.x; i < height * width; i += blockThreads) {
    const int row = firstRow + i / width, column = firstColumn + i % width;
    const float* from = partial + row * store.columns + column;
    float sum = 0.0f;
    for (int first = 0; first < splits; first += readsAtOnce) {
      float read[readsAtOnce];
      UNROLL
      for (int j = 0; j < readsAtOnce; j++) read[j] = first + j < splits ? from[(first + j) * splitFloats] : 0.0f;
      UNROLL
      for (int j = 0; j < readsAtOnce; j++) sum += read[j];
    }
    store.put(row, column, sum);
  }
}

template <class InputTile, class KernelTile, bool pooled>
DEVICE void backward(float* shared, const BackwardInputs& from, const BackwardOutputs& to,
                     const ConvolutionShape& shape, const Quadratics& activation, const BackwardGrid& grid) {
  const OutputGradient<pooled> dy{from.gradient, from.output, from.argmax, activation, shape};
  const int inputBlocks = grid.inputRows * grid.inputColumns;
  int block = blockIdx.x;
  if (block < inputBlocks) {
    const int firstRow = block / grid.inputColumns * InputTile::rows;
    const int firstColumn = block % grid.inputColumns * InputTile::columns;
    const GradientPatches<pooled> patches{dy, shape};
    const TransposedKernel kernel{from.kernel, shape};
    const StoreMatrix store{to.dx, shape.N * shape.H * shape.W, shape.C};
    gemm<InputTile>(shared, patches, kernel, firstRow, firstColumn, 0, shape.KH * shape.KW * shape.F, store);
    return;
  }
  block -= inputBlocks;
  const int tiles = grid.kernelRows * grid.kernelColumns;
  const int split = block / tiles, tile = block % tiles;
  const int firstRow = tile / grid.kernelColumns * KernelTile::rows;
  const int firstColumn = tile % grid.kernelColumns * KernelTile::columns;
  const int begin = split * grid.splitLength;
  const int end = min(begin + grid.splitLength, shape.positions<pooled>());
  const int rows = grid.parameterRows;
  const TransposedPatches<pooled> patches{{from.x}, shape, grid.patchRows};
  const GradientRows<pooled> gradients{dy, shape};
  const StoreParameters store{to.dk, to.db, grid.patchRows, shape.F};
  if (grid.splits == 1) {
    gemm<KernelTile>(shared, patches, gradients, firstRow, firstColumn, begin, end, store);
    return;
  }
  const StoreMatrix storePartial{to.partial + split * (rows * shape.F), rows, shape.F};
  gemm<KernelTile>(shared, patches, gradients, firstRow, firstColumn, begin, end, storePartial);
  if (isLastBlock(to.counters + tile, grid.splits)) {
    addSplits<KernelTile>(store, to.partial, rows, firstRow, firstColumn, grid.splits);
  }
}

constexpr int larger(int a, int b) { return a > b ? a : b; }

#define BACKWARD(name, InputTile, KernelTile, pooled)                                       \
  KERNEL __launch_bounds__(blockThreads, 2) name(BackwardInputs from, BackwardOutputs to,   \
                                                 ConvolutionShape shape, Quadratics activation, BackwardGrid grid) { \
    SHARED_ARRAY(float, shared, larger(InputTile::sharedFloats, KernelTile::sharedFloats)); \
    backward<InputTile, KernelTile, pooled>(shared, from, to, shape, activation, grid);     \
  }                                                                                         \
  EXPORT_KERNEL(name)

#define BACKWARDS(name, precision, pooled)                                             \
  BACKWARD(name##SmallSmall##precision, precision::Small, precision::Small, pooled)    \
  BACKWARD(name##TallLarge##precision, precision::Tall, precision::Large, pooled)      \
  BACKWARD(name##LargeLarge##precision, precision::Large, precision::Large, pooled)

BACKWARDS(conv2dBackward, Fp32, false)
BACKWARDS(conv2dBackwardUnpool, Fp32, true)
BACKWARDS(conv2dBackward, Tf32, false)
BACKWARDS(conv2dBackwardUnpool, Tf32, true)
