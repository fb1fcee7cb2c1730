// Sums in a fixed order: within a warp, a block, and over the blocks of a launch.
#pragma once
#include "platform.h"

constexpr uint32_t allLanes = 0xffffffffu;

DEVICE float warpSum(float value) {
  UNROLL
  for (int distance = 16; distance > 0; distance >>= 1) value += __shfl_xor_sync(allLanes, value, distance);
  return value;
}

DEVICE float warpMax(float value) {
  UNROLL
  for (int distance = 16; distance > 0; distance >>= 1) {
    const float other = __shfl_xor_sync(allLanes, value, distance);
    // NaN wins, from either side: a row with one must not look whole.
    value = other > value || other != other ? other : value;
  }
  return value;
}

// The sum over a block of 256 threads, in every thread. All threads must call it.
DEVICE float blockSum(float value) {
  SHARED_ARRAY(float, warpSums, blockThreads / 32);
  value = warpSum(value);
  __syncthreads();  // an earlier sum may still be read
  if (threadIdx.x % 32 == 0) warpSums[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0.0f;
  UNROLL
  for (int warp = 0; warp < blockThreads / 32; warp++) sum += warpSums[warp];
  return sum;
}

// Whether this block is the last of `count` to come here, the same answer in all its threads: what the others wrote to
// device memory before is visible to it. `counter` must be 0 at first and is 0 again afterwards.
DEVICE bool isLastBlock(uint32_t* counter, uint32_t count) {
  SHARED_ARRAY(uint32_t, last, 1);
  __syncthreads();
  if (threadIdx.x == 0) {
    last[0] = arrive(counter) + 1 == count ? 1 : 0;
    if (last[0]) *counter = 0;
  }
  __syncthreads();
  const bool isLast = last[0] != 0;
  __syncthreads();  // `last` may be written again
  return isLast;
}
