// Forward convolution with what follows it, in one launch; dense layers as well.
//
//   z[n,oh,ow,f] = bias[f] + sum over kh,kw,c of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * k[kh,kw,c,f]
//   u = gamma (z - mean) / sqrt(variance + epsilon) + beta, by channel, plus addend [N,OH,OW,F]; each may be missing
//   y = f(u), or with pooling y = f(max of 2x2 u), argmax = its position, the first of equals
//
// x [N,H,W,C], k [KH,KW,C,F] -> y [N,OH,OW,F] or y and argmax [N,PH,PW,F]
// Cost: 2 N OH OW KH KW C F operations; reads x, k and the addend, writes y once.
// Idea: implicit product of patches [positions, KH*KW*C] with k. With pooling, rows are ordered window by window, so
// that the four numbers of a window meet in one thread's registers and z is never written. relu and its kin are a few
// instructions in place; elu, sigmoid and tanh a call for each output, about 50 instructions, against a launch of 2 us
// and 8 bytes an output of their own. Normalization and addend are branches that all threads take alike, not kernels of their
// own; they save 8 and 12 bytes an output and a launch each. Not yet measured on a card.
// Predicted, H200, tutorial's second layer at batch 64: 4 us tf32, 6 us fp32; not measured.
//
// The first layer gathers its batch itself (gatherConv2d): patches are read through the order out of the data set, bytes
// as bytes, a row's address once for each line of the tile. Neighbouring threads read neighbouring bytes of a patch, as
// they would floats: as many requests of a fourth of the bytes, and no wider reads, since a patch starts at any byte.
// Behind its tile each block writes a share of all batches of the step (images as floats, labels, weights) for whoever
// reads them later. Among these is the gradient of k, which does not read through the order: it would need the row anew for
// every element that it loads, not for every line.
// Cost beside the convolution's: reads the batch's bytes twice, writes its floats once.
// Predicted, H200, 64 images of 784 bytes; not measured: the batch is 50 KB of bytes, 201 KB of floats, under 0.1 us of
// traffic. The chain cursor, batch start, order, pixel costs 0.5 us at the start and half of it behind the tile; a launch
// of gatherRows, 2 us and a gap of 1 us, is saved. Reading through the order in the gradient would cost that launch 0.5 us
// for the chain and 0.5 us for ten instructions more an element, against the write of under 0.1 us.
//
// Ahead of a batch normalization y is z, and each row tile leaves the mean and squared differences of its columns
// (tileMoments.h): 4 bytes an output less to read than with a launch for the statistics. Not yet measured on a card.
//
// Grid: (row tiles, column tiles). Kernels: conv2d<tile><precision>, conv2dPooled<tile><precision>, and with gather before
// the name.
#include <type_traits>

#include "../activation.h"
#include "../normalization.h"
#include "forwardLoaders.h"
#include "tileMoments.h"
#include "tiles.h"

struct ForwardOutput {
  // Either is null where nothing reads it, as nothing may what only gives moments.
  float* __restrict__ y;
  int* __restrict__ argmax;
  // Null without.
  const float* __restrict__ bias;
  Normalization normalization;
  // [N,OH,OW,F], null without.
  const float* __restrict__ addend;
  // Not with pooling.
  TileMoments moments;
};

// Rows are output positions.
template <class Tile> struct StoreRows {
  const ForwardOutput& to;
  const OutputActivation& activation;
  const ConvolutionShape& shape;
  float* shared;
  int rows, columns;

  DEVICE void begin() const {
    if (to.moments.ofTiles) __syncthreads();
  }
  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= columns) return;
    const ChannelLine line = channelLine(to.normalization, to.bias ? to.bias[column] : 0.0f, column);
    float z[4];
    UNROLL
    for (int i = 0; i < 4; i++) {
      z[i] = line.at(quad[i]);
      const int index = (row + i) * columns + column;
      if (to.y && row + i < rows) to.y[index] = activate(activation, to.addend ? z[i] + to.addend[index] : z[i]);
    }
    if (to.moments.ofTiles) {
      const int inTile = row - blockIdx.x * Tile::rows;
      keepQuad(shared, inTile / 4, column - blockIdx.y * Tile::columns, Tile::columns, z, rows - row);
    }
  }
};

// Four rows are a window.
template <class Tile> struct StoreLargest {
  const ForwardOutput& to;
  const OutputActivation& activation;
  const ConvolutionShape& shape;
  float* shared;
  int rows, columns;

  DEVICE void begin() const {}
  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= columns || row >= rows) return;
    const ChannelLine line = channelLine(to.normalization, to.bias ? to.bias[column] : 0.0f, column);
    float u[4];
    UNROLL
    for (int i = 0; i < 4; i++) u[i] = line.at(quad[i]);
    if (to.addend) {
      const Position at = positionOf<true>(shape, row);
      const int corner = ((at.n * shape.OH + at.oh) * shape.OW + at.ow) * columns + column;
      UNROLL
      for (int i = 0; i < 4; i++) u[i] += to.addend[corner + ((i >> 1) * shape.OW + (i & 1)) * columns];
    }
    float largest = u[0];
    int position = 0;
    UNROLL
    for (int i = 1; i < 4; i++) {
      // The sum is compared, not the product: rounding may make two equal.
      if (u[i] > largest) {
        largest = u[i];
        position = i;
      }
    }
    const int index = (row >> 2) * columns + column;
    if (to.y) to.y[index] = activate(activation, largest);
    if (to.argmax) to.argmax[index] = position;
  }
};

template <class Tile, bool pooled, class Input>
DEVICE void convolve(float* shared, const Input& x, const float* k, const ForwardOutput& to,
                     const ConvolutionShape& shape, const OutputActivation& activation) {
  using Store = std::conditional_t<pooled, StoreLargest<Tile>, StoreRows<Tile>>;
  const Patches<pooled, Input> patches{x, shape};
  const MatrixRows kernel{k, shape.F};
  const int rows = shape.positions<pooled>();
  const Store store{to, activation, shape, shared, rows, shape.F};
  const int firstRow = blockIdx.x * Tile::rows, firstColumn = blockIdx.y * Tile::columns;
  gemm<Tile>(shared, patches, kernel, firstRow, firstColumn, 0, shape.patchLength(), store);
  if (!pooled && to.moments.ofTiles) storeMoments<Tile>(shared, to.moments, rows);
}

#define CONVOLUTION(name, Tile, pooled)                                                                 \
  KERNEL __launch_bounds__(blockThreads, 2) name(const float* x, const float* k, ForwardOutput to,      \
                                                 ConvolutionShape shape, OutputActivation activation) { \
    SHARED_ARRAY(float, shared, Tile::sharedFloats);                                                    \
    convolve<Tile, pooled>(shared, BatchInput{x}, k, to, shape, activation);                            \
  }                                                                                                     \
  EXPORT_KERNEL(name)

// x is the batch that from.sources[0] gathers.
#define GATHERING_CONVOLUTION(name, Tile, pooled)                                                       \
  KERNEL __launch_bounds__(blockThreads, 2) name(GatherSources from, const float* k, ForwardOutput to,  \
                                                 ConvolutionShape shape, OutputActivation activation) { \
    SHARED_ARRAY(float, shared, Tile::sharedFloats);                                                    \
    const uint32_t start = currentStep(from.table, from.state).batchStart;                              \
    convolve<Tile, pooled>(shared, GatheredInput{from.sources[0], start}, k, to, shape, activation);    \
    const int block = blockIdx.y * gridDim.x + blockIdx.x;                                              \
    NO_UNROLL                                                                                           \
    for (int i = 0; i < maxSources; i++) {                                                              \
      gatherShare(from.sources[i], start, from.state, block * blockThreads + threadIdx.x,               \
                  gridDim.x * gridDim.y * blockThreads);                                                \
    }                                                                                                   \
  }                                                                                                     \
  EXPORT_KERNEL(name)

#define CONVOLUTIONS(precision)                                                     \
  CONVOLUTION(conv2dSmall##precision, precision::Small, false)                      \
  CONVOLUTION(conv2dTall##precision, precision::Tall, false)                        \
  CONVOLUTION(conv2dLarge##precision, precision::Large, false)                      \
  CONVOLUTION(conv2dPooledSmall##precision, precision::Small, true)                 \
  CONVOLUTION(conv2dPooledTall##precision, precision::Tall, true)                   \
  CONVOLUTION(conv2dPooledLarge##precision, precision::Large, true)                 \
  GATHERING_CONVOLUTION(gatherConv2dSmall##precision, precision::Small, false)      \
  GATHERING_CONVOLUTION(gatherConv2dTall##precision, precision::Tall, false)        \
  GATHERING_CONVOLUTION(gatherConv2dLarge##precision, precision::Large, false)      \
  GATHERING_CONVOLUTION(gatherConv2dPooledSmall##precision, precision::Small, true) \
  GATHERING_CONVOLUTION(gatherConv2dPooledTall##precision, precision::Tall, true)   \
  GATHERING_CONVOLUTION(gatherConv2dPooledLarge##precision, precision::Large, true)

CONVOLUTIONS(Fp32)
CONVOLUTIONS(Tf32)
