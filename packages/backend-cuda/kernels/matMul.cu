// y[m,n] = sum over k of a[m,k] b[k,n], either operand stored transposed.
//
// a [M,K] or [K,M], b [K,N] or [N,K] -> [M,N]
// Cost: 2 M N K operations. Tile 32x32 with the sums of k split among groups of threads: the products that are not part
// of a fused layer are small. Dense layers with bias and activation run in product/forward.cu.
// Predicted, H200: 5 us for [64,576] x [576,64] tf32; not measured.
//
// Grid: (row tiles, column tiles). Kernels: matMul<a><b><precision>, N as stored, T transposed.
#include "product/forwardLoaders.h"
#include "product/tiles.h"

// A matrix whose lines are its rows: a as stored, b transposed.
struct MatrixLines {
  static constexpr bool alongDepth = true;
  const float* __restrict__ matrix;
  int lines, length;

  using Line = int;
  using Depth = int;
  DEVICE Line line(int index) const { return index < lines ? index * length : outside; }
  DEVICE Depth depth(int k, int end) const { return k < end ? k : outside; }
  DEVICE float load(Line line, Depth depth) const {
    return line >= 0 && depth >= 0 ? __ldg(matrix + line + depth) : 0.0f;
  }
};

struct StoreProduct {
  float* __restrict__ y;
  int M, N;

  DEVICE void begin() const {}
  DEVICE void operator()(int row, int column, const float (&quad)[4]) const {
    if (column >= N) return;
    UNROLL
    for (int i = 0; i < 4; i++) {
      if (row + i < M) y[(row + i) * N + column] = quad[i];
    }
  }
};

DEVICE MatrixLines asLines(const float* matrix, int lines, int length) { return {matrix, lines, length}; }
DEVICE MatrixRows asRows(const float* matrix, int lines, int) { return {matrix, lines}; }

#define MATRIX_PRODUCT(name, Tile, loadA, loadB)                                                                  \
  KERNEL __launch_bounds__(blockThreads, 2) name(const float* a, const float* b, float* y, int M, int N, int K) {    \
    SHARED_ARRAY(float, shared, Tile::sharedFloats);                                                              \
    gemm<Tile>(shared, loadA(a, M, K), loadB(b, N, K), blockIdx.x * Tile::rows, blockIdx.y * Tile::columns, 0, K, \
               StoreProduct{y, M, N});                                                                            \
  }                                                                                                               \
  EXPORT_KERNEL(name)

#define MATRIX_PRODUCTS(precision)                                       \
  MATRIX_PRODUCT(matMulNN##precision, precision::Small, asLines, asRows)  \
  MATRIX_PRODUCT(matMulNT##precision, precision::Small, asLines, asLines) \
  MATRIX_PRODUCT(matMulTN##precision, precision::Small, asRows, asRows)   \
  MATRIX_PRODUCT(matMulTT##precision, precision::Small, asRows, asLines)

MATRIX_PRODUCTS(Fp32)
MATRIX_PRODUCTS(Tf32)
