// Losses that are sums over elements, and their gradients.
//
//   sigmoidCrossEntropy: p = sigmoid(x), loss = sum over rows of w * mean over c of max(x, 0) - x t + ln(1 + e^-|x|)
//   meanSquaredError:    loss = sum over rows of w * mean over c of (x[c] - t[c])^2
//   dx[r,c] = scale * w * (p[r,c] - t[r,c]) / C,  dx[r,c] = scale * w * 2 (x[r,c] - t[r,c]) / C
//
// x, t [rows,C], w [rows] -> loss [1], p or dx [rows,C]
// Cost: reads x and t once; bound by memory.
// Predicted, H200: 3 us for 1024 rows of 10; not measured.
#include "divisor.h"
#include "loops.h"
#include "rowLabels.h"

DEVICE float weightOf(const float* weights, int i, const Divisor& byC) {
  return weights ? weights[quotient(i, byC)] : 1.0f;
}

KERNEL sigmoidCrossEntropy(const float* __restrict__ x, const float* __restrict__ t, const float* weights, float* loss,
                           float* __restrict__ p, RowSums sums, Divisor byC, int count) {
  float total[1] = {0.0f};
  FOR_EACH(i, count) {
    const float logit = x[i];
    const float element = fmaxf(logit, 0.0f) - logit * t[i] + log1pf(expf(-fabsf(logit)));
    total[0] += weightOf(weights, i, byC) * element;
    p[i] = 1.0f / (1.0f + expf(-logit));
  }
  if (sumRows(sums, total) && threadIdx.x == 0) *loss = total[0] / float(byC.divisor);
}
EXPORT_KERNEL(sigmoidCrossEntropy)

KERNEL meanSquaredError(const float* __restrict__ x, const float* __restrict__ t, const float* weights, float* loss,
                        RowSums sums, Divisor byC, int count) {
  float total[1] = {0.0f};
  FOR_EACH(i, count) {
    const float off = x[i] - t[i];
    total[0] += weightOf(weights, i, byC) * (off * off);
  }
  if (sumRows(sums, total) && threadIdx.x == 0) *loss = total[0] / float(byC.divisor);
}
EXPORT_KERNEL(meanSquaredError)

// dx = factor * w * (x - t): factor is scale / C after sigmoidCrossEntropy, 2 scale / C after meanSquaredError.
KERNEL differenceGradient(const float* __restrict__ x, const float* __restrict__ t, const float* weights,
                          float* __restrict__ dx, float factor, Divisor byC, int count) {
  FOR_EACH(i, count) dx[i] = factor * weightOf(weights, i, byC) * (x[i] - t[i]);
}
EXPORT_KERNEL(differenceGradient)
