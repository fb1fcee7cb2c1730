// Regions of images and rows of the batch.
//
//   fillBoxes:  y = fill or values[c] where top <= h < bottom and left <= w < right of boxes[n], else x;
//               x, fill, y [N,H,W,C], boxes [N,4]; fill may be null
//   mixRows:    y[n] = w[n] x[n] + (1 - w[n]) x[p[n]], without weights x[p[n]]; x, y [N,...], partners p [N], weights w [N] or null
//   filterAxis: y = sum over k of kernels[n,k] x at k - (K - 1) / 2 places along an axis, 0 beyond the edges;
//               x, y [N,H,W,C], kernels [N,K]
//
// Cost: 8 bytes a number, mixRows 12 where the partners are not in the cache; a filter 2 K operations and 2 K reads from the cache
// a number. All bound by memory, filters of more than about 9 numbers by the reads.
// Idea: one number a thread, grid-stride, neighbours side by side whichever the axis. A number that is replaced is not read.
// Predicted, H200: 2 us for 64 images of 32x32x3, a launch; 75 us for 256 of 224x224x3, mixRows 110. Not measured on a card.
#include "gather.h"
#include "loops.h"
#include "place.h"

constexpr int maxFillValues = 64;
struct FillValues {
  float values[maxFillValues];
};

KERNEL fillBoxes(const float* __restrict__ x, const int* __restrict__ boxes, const float* __restrict__ fill,
                 float* __restrict__ y, FillValues by, Divisor byC, Divisor byWidth, Divisor byHeight, int count) {
  FOR_EACH(i, count) {
    const Place at = placeOf(i, byC, byWidth, byHeight);
    const int* box = boxes + at.n * 4;
    const bool inside = at.h >= box[0] && at.h < box[2] && at.w >= box[1] && at.w < box[3];
    y[i] = !inside ? x[i] : fill ? fill[i] : by.values[at.c];
  }
}
EXPORT_KERNEL(fillBoxes)

KERNEL mixRows(const float* __restrict__ x, const int* __restrict__ partners, const float* __restrict__ weights,
               float* __restrict__ y, StepState* state, Divisor byRow, int rows, int count) {
  FOR_EACH(i, count) {
    const int n = quotient(i, byRow);
    const float other = x[i + (existingRow(partners[n], rows, state) - n) * int(byRow.divisor)];
    y[i] = weights ? fmaf(weights[n], x[i], (1.0f - weights[n]) * other) : other;
  }
}
EXPORT_KERNEL(mixRows)

KERNEL filterAxis(const float* __restrict__ x, const float* __restrict__ kernels, float* __restrict__ y, Divisor byStep,
                  Divisor byLength, Divisor bySample, int K, int count) {
  const int step = byStep.divisor, radius = K / 2;
  FOR_EACH(i, count) {
    const float* kernel = kernels + int(quotient(i, bySample)) * K;
    const int place = modulo(quotient(i, byStep), byLength);
    const int end = min(K, int(byLength.divisor) + radius - place);
    float sum = 0.0f;
    for (int k = max(0, radius - place); k < end; k++) sum = fmaf(kernel[k], x[i + (k - radius) * step], sum);
    y[i] = sum;
  }
}
EXPORT_KERNEL(filterAxis)
