// y = x with its axes in another order, up to four.
//
// Cost: reads and writes every number once: bound by memory.
// Idea: the host drops axes of length 1 and joins those that stay neighbours. Where x and y then have the same last axis, or
// either is short, a thread computes where its element of y comes from. Else tiles of 32x32 over both last axes go through shared
// memory, so that reads and writes are both of 32 neighbours. Not measured yet.
#include "divisor.h"
#include "loops.h"

struct TransposeShape {
  // Axes of y behind the first.
  Divisor by[3];
  // How far apart in x are neighbours along each axis of y.
  int strides[4];
};

KERNEL transpose(const float* __restrict__ x, float* __restrict__ y, TransposeShape shape, int count) {
  FOR_EACH(i, count) {
    int place = i, from = 0;
    UNROLL
    for (int axis = 3; axis > 0; axis--) {
      const int rest = quotient(place, shape.by[axis - 1]);
      from += (place - rest * int(shape.by[axis - 1].divisor)) * shape.strides[axis];
      place = rest;
    }
    y[i] = x[from + place * shape.strides[0]];
  }
}
EXPORT_KERNEL(transpose)

// Rows are x's last axis, columns are y's.
struct TransposeTiles {
  int rows, columns;
  // How far apart in x neighbouring columns are, and in y neighbouring rows.
  int xColumn, yRow;
  // The two other axes: how far apart are neighbours along them.
  int xOuter, yOuter, xInner, yInner;
  Divisor byTilesAcross, byTilesDown, byInner;
  int tiles;
};

KERNEL __launch_bounds__(blockThreads)
    transposeTiles(const float* __restrict__ x, float* __restrict__ y, TransposeTiles shape) {
  constexpr int side = 32, lines = blockThreads / side;
  // A column more, so that neither direction has several lanes in a bank.
  SHARED_ARRAY(float, shared, side * (side + 1));
  const int lane = threadIdx.x % side, line = threadIdx.x / side;
  for (int tile = blockIdx.x; tile < shape.tiles; tile += gridDim.x) {
    const int above = quotient(tile, shape.byTilesAcross), pair = quotient(above, shape.byTilesDown);
    const int column = (tile - above * int(shape.byTilesAcross.divisor)) * side;
    const int row = (above - pair * int(shape.byTilesDown.divisor)) * side;
    const int outer = quotient(pair, shape.byInner), inner = pair - outer * int(shape.byInner.divisor);
    const float* from = x + outer * shape.xOuter + inner * shape.xInner;
    float* to = y + outer * shape.yOuter + inner * shape.yInner;
    UNROLL
    for (int i = line; i < side; i += lines) {
      if (column + i < shape.columns && row + lane < shape.rows) {
        shared[i * (side + 1) + lane] = from[(column + i) * shape.xColumn + row + lane];
      }
    }
    __syncthreads();
    UNROLL
    for (int i = line; i < side; i += lines) {
      if (column + lane < shape.columns && row + i < shape.rows) {
        to[(row + i) * shape.yRow + column + lane] = shared[lane * (side + 1) + i];
      }
    }
    __syncthreads();
  }
}
EXPORT_KERNEL(transposeTiles)
