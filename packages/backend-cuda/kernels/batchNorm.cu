// mean[c] = sum over rows of x / R; variance[c] = sum over rows of (x - mean)^2 / R; y = gamma xhat + beta
// scaleGradient[c] = sum over rows of dy xhat; offsetGradient[c] = sum over rows of dy
// dx = gamma / sqrt(variance + epsilon) (dy - offsetGradient / R - xhat scaleGradient / R)
//
// xhat = (x - mean) / sqrt(variance + epsilon); x, y, dy, dx [R,C], the rest [C]
// Cost: forward 12 bytes and 8 operations an element, x read twice; the sums 8 bytes and 4, dx 12 bytes and 4: bound by memory.
// Idea: statistics in one reading, without cancellation: a thread takes eight rows of its channel at a time, with their exact
// mean and squares, and combines these (channelSums.h). y is the kernel of normalize.cu. Not measured yet.
//
// Grid of channelMoments and batchNormBackwardSums: (tiles of channels, stretches of rows).
#include "batchNormRows.h"

KERNEL __launch_bounds__(blockThreads, 4)
    channelMoments(const float* __restrict__ x, float* mean, float* variance, StretchSums sums, ChannelTile tile,
                   int rows) {
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const auto ofRows = [&](int row, int end, int step) { return momentsOfRows(x, at.c, tile.C, row, end, step); };
  Moments total;
  if (sumChannel(total, sums, tile, at, rows, ofRows)) {
    mean[at.c] = total.mean;
    variance[at.c] = total.squares / float(rows);
  }
}
EXPORT_KERNEL(channelMoments)

KERNEL __launch_bounds__(blockThreads)
    batchNormBackwardSums(const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ mean,
                          const float* __restrict__ variance, float* scaleGradient, float* offsetGradient,
                          StretchSums sums, ChannelTile tile, float epsilon, int rows) {
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const float center = at.works ? mean[at.c] : 0.0f;
  const auto ofRows = [&](int row, int end, int step) {
    GradientSums own{0.0f, 0.0f};
    const auto add = [&](float gradient, float value) {
      own.products = fmaf(gradient, value - center, own.products);
      own.gradients += gradient;
    };
    for (; row + 3 * step < end; row += 4 * step) {
      float gradients[4], values[4];
      UNROLL
      for (int i = 0; i < 4; i++) {
        gradients[i] = dy[(row + i * step) * tile.C + at.c];
        values[i] = x[(row + i * step) * tile.C + at.c];
      }
      UNROLL
      for (int i = 0; i < 4; i++) add(gradients[i], values[i]);
    }
    for (; row < end; row += step) add(dy[row * tile.C + at.c], x[row * tile.C + at.c]);
    return own;
  };
  GradientSums total;
  if (sumChannel(total, sums, tile, at, rows, ofRows)) {
    scaleGradient[at.c] = total.products / sqrtf(variance[at.c] + epsilon);
    offsetGradient[at.c] = total.gradients;
  }
}
EXPORT_KERNEL(batchNormBackwardSums)

KERNEL batchNormBackwardInput(const float* __restrict__ dy, const float* __restrict__ x,
                              const float* __restrict__ mean, const float* __restrict__ variance,
                              const float* __restrict__ scaleGradient, const float* __restrict__ offsetGradient,
                              const float* __restrict__ gamma, float* __restrict__ dx, float epsilon, Divisor byC,
                              int rows, int count) {
  const ChannelWalk walk = channelWalk(byC, count);
  const float center = mean[walk.c], inverse = 1.0f / sqrtf(variance[walk.c] + epsilon);
  const float offset = offsetGradient[walk.c] / float(rows);
  const float slope = inverse * scaleGradient[walk.c] / float(rows);
  const float factor = gamma ? inverse * gamma[walk.c] : inverse;
  FOR_EACH_OF_CHANNEL(i, walk, count) dx[i] = factor * (dy[i] - offset - (x[i] - center) * slope);
}
EXPORT_KERNEL(batchNormBackwardInput)
