// loss = scale * sum of l1 |w| + l2 w^2; dw = scale * (l1 sign(w) + 2 l2 w), with sign(0) = 0
//
// w [P] -> loss [1], dw [P]
// Cost: reads w once, writes dw once: bound by memory. Not measured yet.
#include "loops.h"
#include "rowSums.h"

KERNEL penalty(const float* __restrict__ w, float* loss, RowSums sums, float l1, float l2, float scale, int count) {
  float total[1] = {0.0f};
  FOR_EACH(i, count) {
    const float weight = w[i];
    total[0] += l1 * fabsf(weight) + l2 * weight * weight;
  }
  if (sumRows(sums, total) && threadIdx.x == 0) *loss = scale * total[0];
}
EXPORT_KERNEL(penalty)

KERNEL penaltyBackward(const float* __restrict__ w, float* __restrict__ dw, float l1, float l2, float scale,
                       int count) {
  FOR_EACH(i, count) {
    const float weight = w[i];
    const float sign = weight > 0.0f ? 1.0f : weight < 0.0f ? -1.0f : weight;
    dw[i] = scale * (l1 * sign + 2.0f * l2 * weight);
  }
}
EXPORT_KERNEL(penaltyBackward)
