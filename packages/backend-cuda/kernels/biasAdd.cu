// y[row,c] = x[row,c] + bias[c]
// db[c] = sum over rows of dy[row,c]
//
// x, dy, y [rows,C], bias, db [C]
// Cost: reads x or dy once, writes y once; bound by memory.
// Idea: for db a block sums a stretch of rows for 32 columns, 8 threads a column; the last block of a column group adds up
// the stretches in their order. Fused layers take a row of ones in product/backward.cu instead.
// Predicted, H200: 4 and 3 TB/s on tensors larger than the L2 cache; not measured.
//
// Grid of biasGradient: (column groups, stretches).
#include "divisor.h"
#include "loops.h"
#include "reduce.h"

KERNEL biasAdd(const float* __restrict__ x, const float* __restrict__ bias, float* __restrict__ y, Divisor byC,
               int count) {
  FOR_EACH(i, count) y[i] = x[i] + bias[modulo(i, byC)];
}
EXPORT_KERNEL(biasAdd)

KERNEL __launch_bounds__(blockThreads)
    biasGradient(const float* __restrict__ dy, float* __restrict__ db, float* partial, uint32_t* counters, int rows,
                 int C, int rowsPerStretch) {
  SHARED_ARRAY(float, sums, blockThreads);
  const int lane = threadIdx.x % 32, line = threadIdx.x / 32;
  const int c = blockIdx.x * 32 + lane;
  const int begin = blockIdx.y * rowsPerStretch, end = min(rows, begin + rowsPerStretch);
  float sum = 0.0f;
  if (c < C) {
    for (int row = begin + line; row < end; row += blockThreads / 32) sum += dy[int64_t(row) * C + c];
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (line == 0 && c < C) {
    UNROLL
    for (int other = 1; other < blockThreads / 32; other++) sum += sums[other * 32 + lane];
    partial[blockIdx.y * C + c] = sum;
  }
  if (!isLastBlock(counters + blockIdx.x, gridDim.y)) return;
  if (line == 0 && c < C) {
    sum = 0.0f;
    for (int stretch = 0; stretch < int(gridDim.y); stretch++) sum += partial[stretch * C + c];
    db[c] = sum;
  }
}
EXPORT_KERNEL(biasGradient)
