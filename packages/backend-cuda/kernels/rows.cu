// The step's batch out of a data set on the device, and predictions into their place.
//
//   gatherRows: y[b] = scale * source[order[batchStart + b]], without an order scale * source[batchStart + b]
//   storeRows:  destination[batchStart + b] = values[b]
//
// Cost: reads and writes a batch once; bound by memory.
// Idea: up to four sources a launch (images, labels, weights), since a launch costs more than most batches. A row that
// does not exist is reported through the step's state and read as row 0: an address outside would end the whole
// context.
// Predicted, H200: 2 us for 64 images of 784 bytes and their labels; not measured.
//
// Grid: (blocks along a batch, sources).
#include "divisor.h"
#include "step.h"

// As in src/kernels/rows.ts.
enum SourceType : int { bytesToFloat = 0, floatToFloat, wordsToWords };

struct GatherSource {
  const void* source;
  // Null without.
  const int* order;
  void* batch;
  Divisor byRow;
  int count;
  int rows;
  // Entries of the order.
  int orderLength;
  float scale;
  int type;
};

constexpr int maxSources = 4;
struct GatherSources {
  GatherSource sources[maxSources];
};

DEVICE int existingRow(int64_t row, int rows, StepState* state) {
  if (row >= 0 && row < rows) return int(row);
  state->fault = uint32_t(row) + 1;
  return 0;
}

KERNEL gatherRows(GatherSources from, const StepRow* table, StepState* state) {
  const GatherSource& s = from.sources[blockIdx.y];
  const uint32_t start = currentStep(table, state).batchStart;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < s.count; i += gridDim.x * blockDim.x) {
    const int b = quotient(i, s.byRow);
    int64_t row = int64_t(start) + b;
    if (s.order) row = s.order[existingRow(row, s.orderLength, state)];
    const int64_t index = int64_t(existingRow(row, s.rows, state)) * s.byRow.divisor + (i - b * int(s.byRow.divisor));
    if (s.type == bytesToFloat) {
      static_cast<float*>(s.batch)[i] = s.scale * float(static_cast<const uint8_t*>(s.source)[index]);
    } else if (s.type == floatToFloat) {
      static_cast<float*>(s.batch)[i] = s.scale * static_cast<const float*>(s.source)[index];
    } else {
      static_cast<int*>(s.batch)[i] = static_cast<const int*>(s.source)[index];
    }
  }
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
