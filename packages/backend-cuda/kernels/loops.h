// How elements and rows are dealt out: in turn, so that a launch of any number of blocks covers them.
#pragma once
#include "platform.h"

// One element a thread.
#define FOR_EACH(i, count) \
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)

// One row a warp.
#define FOR_EACH_ROW(row, rows)                                                   \
  for (int row = blockIdx.x * (blockThreads / 32) + threadIdx.x / 32; row < rows; \
       row += gridDim.x * (blockThreads / 32))

// One element a thread in a launch that has a thread for each.
#define INDEX_BELOW(count)                                 \
  const int index = blockIdx.x * blockDim.x + threadIdx.x; \
  if (index >= (count)) return;
