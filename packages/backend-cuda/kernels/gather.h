// Rows of a data set on the device as the step's batch: y[b] = scale * source[order[batchStart + b]] + offset, without an
// order scale * source[batchStart + b] + offset.
#pragma once
#include "divisor.h"
#include "step.h"

enum SourceType : int { bytesToFloat = 0, floatToFloat, wordsToWords };

struct GatherSource {
  const void* source;
  // Null without.
  const int* order;
  void* batch;
  Divisor byRow;
  // Elements of the batch; 0 in a place that is not used.
  int count;
  int rows;
  // Entries of the order.
  int orderLength;
  float offset;
  float scale;
  int type;
};

constexpr int maxSources = 4;
struct GatherSources {
  GatherSource sources[maxSources];
  const StepRow* table;
  StepState* state;
};

DEVICE int existingRow(int64_t row, int rows, StepState* state) {
  if (row >= 0 && row < rows) return int(row);
  // Null where somebody else reports.
  if (state) state->fault = uint32_t(row) + 1;
  return 0;
}

// Row of the data set that is row b of the batch. One that does not exist is reported through the step's state and read
// as row 0: an address outside would end the whole context.
DEVICE int sourceRow(const GatherSource& s, uint32_t start, int b, StepState* state) {
  const int64_t row = int64_t(start) + b;
  return existingRow(s.order ? __ldg(s.order + existingRow(row, s.orderLength, state)) : row, s.rows, state);
}

// Element of a source of numbers.
DEVICE float sourceNumber(const GatherSource& s, int64_t index) {
  const float number = s.type == bytesToFloat ? float(__ldg(static_cast<const uint8_t*>(s.source) + index))
                                              : __ldg(static_cast<const float*>(s.source) + index);
  return fmaf(s.scale, number, s.offset);
}

// Writes elements first, first + stride, ... of a batch.
DEVICE void gatherShare(const GatherSource& s, uint32_t start, StepState* state, int first, int stride) {
  for (int i = first; i < s.count; i += stride) {
    const int b = quotient(i, s.byRow);
    const int64_t index = int64_t(sourceRow(s, start, b, state)) * s.byRow.divisor + (i - b * int(s.byRow.divisor));
    if (s.type == wordsToWords) {
      static_cast<int*>(s.batch)[i] = static_cast<const int*>(s.source)[index];
    } else {
      static_cast<float*>(s.batch)[i] = sourceNumber(s, index);
    }
  }
}
