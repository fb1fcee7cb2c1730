// Sums over the blocks of a launch, in a fixed order.
#pragma once
#include "reduce.h"

// Sums over the rows of a launch: one number a block, added up by the last block in the order of the blocks.
struct RowSums {
  // [count, blocks]
  float* partial;
  uint32_t* counter;
};

// Adds `values` over the block, then over the blocks; true in the block (all its threads) that holds the totals.
template <int count> DEVICE bool sumRows(const RowSums& sums, float (&values)[count]) {
  UNROLL
  for (int i = 0; i < count; i++) {
    const float sum = blockSum(values[i]);
    if (threadIdx.x == 0) sums.partial[i * gridDim.x + blockIdx.x] = sum;
  }
  if (!isLastBlock(sums.counter, gridDim.x)) return false;
  UNROLL
  for (int i = 0; i < count; i++) {
    float sum = 0.0f;
    for (unsigned block = threadIdx.x; block < gridDim.x; block += blockThreads) {
      sum += sums.partial[i * gridDim.x + block];
    }
    values[i] = blockSum(sum);
  }
  return true;
}
