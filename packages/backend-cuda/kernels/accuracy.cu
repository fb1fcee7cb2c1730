// How many rows are right: the largest number is at the label, is on the right side of 0.5, or is among the k largest.
//
// predictions [rows,C], labels -> [1]
// Cost: reads predictions and labels once; a few operations an element. One warp a row.
// Predicted, H200: 3 us for 1024 rows of 10; not measured.
#include "loops.h"
#include "rowLabels.h"
#include "rowSums.h"

DEVICE int labelOf(const Labels& labels, int row, int C, int lane) {
  if (labels.classes) return labels.classes[row];
  const float* targets = labels.targets + int64_t(row) * C;
  return rowArgmax([&](int c) { return targets[c]; }, C, lane);
}

KERNEL accuracy(const float* __restrict__ x, Labels labels, float* correct, RowSums sums, int rows, int C) {
  const int lane = threadIdx.x % 32;
  float right[1] = {0.0f};
  FOR_EACH_ROW(row, rows) {
    const float* predictions = x + int64_t(row) * C;
    const int label = labelOf(labels, row, C, lane);
    const int best = rowArgmax([&](int c) { return predictions[c]; }, C, lane);
    if (lane == 0 && best == label) right[0] += 1.0f;
  }
  if (sumRows(sums, right) && threadIdx.x == 0) *correct = right[0];
}
EXPORT_KERNEL(accuracy)

KERNEL binaryAccuracy(const float* __restrict__ x, Labels labels, float* correct, RowSums sums, int rows, int C) {
  const int lane = threadIdx.x % 32;
  float right[1] = {0.0f};
  FOR_EACH_ROW(row, rows) {
    float same = 0.0f;
    for (int c = lane; c < C; c += 32) {
      const float value = x[int64_t(row) * C + c];
      same += value == value && (value > 0.5f) == (labels.target(row, c, C) > 0.5f) ? 1.0f : 0.0f;
    }
    same = warpSum(same);
    if (lane == 0) right[0] += same / float(C);
  }
  if (sumRows(sums, right) && threadIdx.x == 0) *correct = right[0];
}
EXPORT_KERNEL(binaryAccuracy)

KERNEL topKAccuracy(const float* __restrict__ x, Labels labels, float* correct, RowSums sums, int rows, int C, int k) {
  const int lane = threadIdx.x % 32;
  float right[1] = {0.0f};
  FOR_EACH_ROW(row, rows) {
    const float* predictions = x + int64_t(row) * C;
    const int label = labelOf(labels, row, C, lane);
    float notBelow = 0.0f;
    for (int c = lane; c < C; c += 32) {
      // Written so that a NaN on either side counts against the row.
      if (label < 0 || !(predictions[c] <= predictions[label])) notBelow += 1.0f;
    }
    notBelow = warpSum(notBelow);
    if (lane == 0 && notBelow < float(k)) right[0] += 1.0f;
  }
  if (sumRows(sums, right) && threadIdx.x == 0) *correct = right[0];
}
EXPORT_KERNEL(topKAccuracy)
