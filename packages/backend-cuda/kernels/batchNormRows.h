// Statistics of one channel over some of the rows of [rows,C].
#pragma once
#include "channelSums.h"

// Of rows row, row + step, ... below the end.
DEVICE Moments momentsOfRows(const float* __restrict__ x, int c, int C, int row, int end, int step) {
  Moments moments{0.0f, 0.0f, 0.0f};
  for (; row + 7 * step < end; row += 8 * step) {
    float values[8];
    UNROLL
    for (int i = 0; i < 8; i++) values[i] = x[(row + i * step) * C + c];
    moments = combined(moments, momentsOf(values));
  }
  for (; row < end; row += step) moments = withNumber(moments, x[row * C + c]);
  return moments;
}
