// clipByValue: g = min(max(g, -limit), limit)
// clipByNorm:  norm = sqrt(sum of g^2); where norm > limit, g = g * limit / norm; two launches
//
// gradients [P] updated
// Cost: reads and writes g once, for the norm once more: bound by memory.
// Predicted, H200: 2 and 4 us for 93,322 gradients; not measured.
#include "loops.h"
#include "rowSums.h"

KERNEL clipByValue(float* g, float limit, int count) {
  FOR_EACH(i, count) {
    const float value = g[i];
    g[i] = value < -limit ? -limit : value > limit ? limit : value;
  }
}
EXPORT_KERNEL(clipByValue)

KERNEL gradientNorm(const float* __restrict__ g, float* norm, RowSums sums, int count) {
  float squares[1] = {0.0f};
  FOR_EACH(i, count) squares[0] += g[i] * g[i];
  if (sumRows(sums, squares) && threadIdx.x == 0) *norm = sqrtf(squares[0]);
}
EXPORT_KERNEL(gradientNorm)

KERNEL clipByNorm(float* g, const float* norm, float limit, int count) {
  const float length = *norm;
  if (!(length > limit)) return;
  FOR_EACH(i, count) g[i] = g[i] * limit / length;
}
EXPORT_KERNEL(clipByNorm)
