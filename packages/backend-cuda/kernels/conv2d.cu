// Forward convolution with what follows it, in one launch; dense layers as well.
//
//   z[n,oh,ow,f] = bias[f] + sum over kh,kw,c of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * k[kh,kw,c,f]
//   y = f(z), or with pooling y = f(max of 2x2 z), argmax = its position, the first of equals
//
// x [N,H,W,C], k [KH,KW,C,F] -> y [N,OH,OW,F] or y and argmax [N,PH,PW,F]
// Cost: 2 N OH OW KH KW C F operations; reads x and k, writes y once.
// Idea: implicit product of patches [positions, KH*KW*C] with k. With pooling, rows are ordered window by window, so
// that the four numbers of a window meet in one thread's registers and z is never written.
// Predicted, H200, tutorial's second layer at batch 64: 4 us tf32, 6 us fp32; not measured.
//
// Grid: (row tiles, column tiles). Kernels: conv2d<tile><precision>, conv2dPooled<tile><precision>.
#include "activation.h"
#include "forwardLoaders.h"
#include "tiles.h"

struct ForwardOutput {
  // Either is null where nothing reads it.
  float* __restrict__ y;
  int* __restrict__ argmax;
  // Null without.
  const float* __restrict__ bias;
};

// Rows are output positions.
struct StoreRows {
  const ForwardOutput& to;
  const Lines& activation;
  int rows, columns;

  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= columns) return;
    const float bias = to.bias ? to.bias[column] : 0.0f;
    UNROLL
    for (int i = 0; i < 4; i++) {
      if (row + i < rows) to.y[(row + i) * columns + column] = activate(activation, quad[i] + bias);
    }
  }
};

// Four rows are a window.
struct StoreLargest {
  const ForwardOutput& to;
  const Lines& activation;
  int rows, columns;

  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= columns || row >= rows) return;
    const float bias = to.bias ? to.bias[column] : 0.0f;
    float largest = quad[0] + bias;
    int position = 0;
    UNROLL
    for (int i = 1; i < 4; i++) {
      // The sum is compared, not the product: rounding may make two equal.
      const float z = quad[i] + bias;
      if (z > largest) {
        largest = z;
        position = i;
      }
    }
    const int index = (row >> 2) * columns + column;
    if (to.y) to.y[index] = activate(activation, largest);
    if (to.argmax) to.argmax[index] = position;
  }
};

template <class Tile, bool pooled, class Store>
DEVICE void convolve(float* shared, const float* x, const float* k, const ForwardOutput& to,
                     const ConvolutionShape& shape, const Lines& activation) {
  const Patches<pooled> patches{x, shape};
  const MatrixRows kernel{k, shape.F};
  const Store store{to, activation, shape.positions<pooled>(), shape.F};
  const int firstRow = blockIdx.x * Tile::rows, firstColumn = blockIdx.y * Tile::columns;
  gemm<Tile>(shared, patches, kernel, firstRow, firstColumn, 0, shape.patchLength(), store);
}

#define CONVOLUTION(name, Tile, pooled, Store)                                               \
  KERNEL __launch_bounds__(blockThreads, 2)                                                  \
      name(const float* x, const float* k, ForwardOutput to, ConvolutionShape shape, Lines activation) { \
    SHARED_ARRAY(float, shared, Tile::sharedFloats);                                         \
    convolve<Tile, pooled, Store>(shared, x, k, to, shape, activation);                      \
  }                                                                                          \
  EXPORT_KERNEL(name)

#define CONVOLUTIONS(precision)                                                         \
  CONVOLUTION(conv2dSmall##precision, precision::Small, false, StoreRows)               \
  CONVOLUTION(conv2dTall##precision, precision::Tall, false, StoreRows)                 \
  CONVOLUTION(conv2dLarge##precision, precision::Large, false, StoreRows)               \
  CONVOLUTION(conv2dPooledSmall##precision, precision::Small, true, StoreLargest)       \
  CONVOLUTION(conv2dPooledTall##precision, precision::Tall, true, StoreLargest)         \
  CONVOLUTION(conv2dPooledLarge##precision, precision::Large, true, StoreLargest)

CONVOLUTIONS(Fp32)
CONVOLUTIONS(Tf32)
