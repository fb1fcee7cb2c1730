// The step's batch out of a data set on the device, and predictions into their place.
//
//   gatherRows: y[b] = scale * source[order[batchStart + b]] + offset, without an order scale * source[batchStart + b] + offset
//   storeRows:  destination[batchStart + b] = values[b]
//
// Cost: reads and writes a batch once; bound by memory.
// Idea: up to four sources a launch (images, labels, weights), since a launch costs more than most batches. Where a
// convolution or dense layer reads the batch next, that gathers (product/forward.cu) and this kernel does not run. The
// offset is that of an affine function of what is gathered; it costs nothing, as numbers are multiplied anyway.
// Predicted, H200: 2 us for 64 images of 784 bytes and their labels; not measured.
//
// Grid: (blocks along a batch, sources).
#include "gather.h"

KERNEL gatherRows(GatherSources from) {
  const uint32_t start = currentStep(from.table, from.state).batchStart;
  gatherShare(from.sources[blockIdx.y], start, from.state, blockIdx.x * blockDim.x + threadIdx.x,
              gridDim.x * blockDim.x);
}
EXPORT_KERNEL(gatherRows)

KERNEL storeRows(const uint32_t* __restrict__ values, uint32_t* __restrict__ destination, const StepRow* table,
                 StepState* state, int rowLength, int count, int rows) {
  const uint32_t start = currentStep(table, state).batchStart;
  if (int64_t(start) + count / rowLength > rows) {
    state->fault = start + 1;
    return;
  }
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    destination[int64_t(start) * rowLength + i] = values[i];
  }
}
EXPORT_KERNEL(storeRows)
