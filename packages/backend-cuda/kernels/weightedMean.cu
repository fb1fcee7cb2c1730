// loss = sum over rows of w * mean over c of v[c]; dv = scale * w / C
//
// v [rows,C], w [rows] -> loss [1], dv [rows,C]
// Cost: reads v or writes dv once: bound by memory. Not measured yet.
#include "elementLoss.h"

KERNEL weightedMean(const float* __restrict__ v, const float* weights, float* loss, RowSums sums, Divisor byC,
                    int count) {
  float total[1] = {0.0f};
  FOR_EACH(i, count) total[0] += weightOf(weights, i, byC) * v[i];
  if (sumRows(sums, total) && threadIdx.x == 0) *loss = total[0] / float(byC.divisor);
}
EXPORT_KERNEL(weightedMean)

KERNEL weightedMeanBackward(const float* weights, float* __restrict__ dv, float factor, Divisor byC, int count) {
  FOR_EACH(i, count) dv[i] = factor * weightOf(weights, i, byC);
}
EXPORT_KERNEL(weightedMeanBackward)
