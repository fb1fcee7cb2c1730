// y = gamma (x - mean) / sqrt(variance + epsilon) + beta; dx = gamma dy / sqrt(variance + epsilon)
//
// x, y, dy, dx [rows,C], mean, variance, gamma, beta [C], of which gamma and beta may be null
// Cost: 8 bytes and two operations an element: bound by memory.
// Idea: a thread keeps its channel, so that the vectors are read and the root taken once a thread. Not measured yet.
#include "channels.h"

KERNEL normalize(const float* __restrict__ x, const float* __restrict__ mean, const float* __restrict__ variance,
                 const float* __restrict__ gamma, const float* __restrict__ beta, float* __restrict__ y, float epsilon,
                 Divisor byC, int count) {
  const ChannelWalk walk = channelWalk(byC, count);
  const float center = mean[walk.c];
  const float factor = (gamma ? gamma[walk.c] : 1.0f) / sqrtf(variance[walk.c] + epsilon);
  const float offset = beta ? beta[walk.c] : 0.0f;
  FOR_EACH_OF_CHANNEL(i, walk, count) y[i] = (x[i] - center) * factor + offset;
}
EXPORT_KERNEL(normalize)

KERNEL normalizeBackwardInput(const float* __restrict__ dy, const float* __restrict__ variance,
                              const float* __restrict__ gamma, float* __restrict__ dx, float epsilon, Divisor byC,
                              int count) {
  const ChannelWalk walk = channelWalk(byC, count);
  const float factor = (gamma ? gamma[walk.c] : 1.0f) / sqrtf(variance[walk.c] + epsilon);
  FOR_EACH_OF_CHANNEL(i, walk, count) dx[i] = factor * dy[i];
}
EXPORT_KERNEL(normalizeBackwardInput)
