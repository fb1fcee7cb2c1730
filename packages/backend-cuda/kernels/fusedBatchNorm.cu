// Batch normalization with what surrounds it, in two launches each way. The first leaves sums of parts of the rows, each of its
// blocks its own; every block of the second adds up those of its channels, reads the rows again and writes.
//
// forward:  mean, variance of x over the rows (batchNorm.cu); y = f(gamma xhat + beta + addend)
//           state = momentum state + (1 - momentum) statistic, of the moving mean and the moving variance
// backward: g = (a + b) f'(y); scaleGradient = sum of g xhat; offsetGradient = sum of g
//           dx = gamma / sqrt(variance + epsilon) (g - offsetGradient / R - xhat scaleGradient / R)
//
// x, y, addend, a, b, g, dx [R,C], the rest [C]; addend, b, f, gamma, beta and every output of [C] may be missing
// Cost: forward 12 bytes an element, 4 more with an addend, of which a convolution before it that leaves the sums itself saves 4.
// Backward 28 bytes with an activation, 8 more with b; where g is wanted it is written once, 4 bytes, and read in the second
// launch in place of a, b and y. Beside these 8 bytes a channel and part for each block of the second launch, out of the cache.
// Idea: against ops one by one the sum, the activation and its gradient cost no pass over memory, the moving averages no launch,
// and no launch ends with one block that adds up while the device waits. Not yet measured on a card.
//
// Grid: (tiles of channels, stretches of rows).
#include "activation.h"
#include "batchNormRows.h"

// Where a block's rows begin and end.
struct Stretch {
  int begin, end;
};
DEVICE Stretch stretchOf(int rowsPerStretch, int rows) {
  const int begin = blockIdx.y * rowsPerStretch;
  return {begin, min(rows, begin + rowsPerStretch)};
}

// Adds up over the lines of the block and stores its part of [stretches,2,C].
template <class Sum>
DEVICE void storePart(float* parts, const Sum& own, const ChannelTile& tile, const ChannelPlace& at) {
  SHARED_ARRAY(Sum, shared, blockThreads);
  const Sum total = sumLines(shared, own, tile, at.line);
  if (!at.works || at.line > 0) return;
  float* to = parts + int64_t(blockIdx.y) * 2 * tile.C + at.c;
  store(total, to[0], to[tile.C]);
}

KERNEL __launch_bounds__(blockThreads, 4)
    batchNormParts(const float* __restrict__ x, float* parts, ChannelTile tile, int rows, int rowsPerStretch) {
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const Stretch of = stretchOf(rowsPerStretch, rows);
  Moments own{0.0f, 0.0f, 0.0f};
  if (at.works) own = momentsOfRows(x, at.c, tile.C, of.begin + at.line, of.end, tile.lines);
  storePart(parts, own, tile, at);
}
EXPORT_KERNEL(batchNormParts)

// A moving average of the mean or the variance.
struct StatisticAverage {
  // Null in a place that is not used.
  float* state;
  float momentum, oneMinusMomentum;
  int ofVariance;
};

struct BatchStatistics {
  // Either is null where nothing reads it.
  float* mean;
  float* variance;
  StatisticAverage averages[2];
};

DEVICE void storeStatistics(const BatchStatistics& to, int c, float mean, float variance) {
  if (to.mean) to.mean[c] = mean;
  if (to.variance) to.variance[c] = variance;
  UNROLL
  for (int i = 0; i < 2; i++) {
    const StatisticAverage& of = to.averages[i];
    if (!of.state) continue;
    of.state[c] = of.momentum * of.state[c] + of.oneMinusMomentum * (of.ofVariance ? variance : mean);
  }
}

struct NormOutput {
  const float* gamma;
  const float* beta;
  const float* addend;
  // May be x: every element is read and written by the same thread. Null where only the statistics are wanted.
  float* y;
  OutputActivation activation;
};

// Elements that a thread has under way.
constexpr int rowsAtOnce = 4;

KERNEL __launch_bounds__(blockThreads, 4)
    batchNormOutput(const float* x, NormOutput to, BatchStatistics statistics, ChannelParts parts, ChannelTile tile,
                    float epsilon, int rows, int rowsPerStretch) {
  SHARED_ARRAY(Moments, shared, blockThreads);
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const Moments total = sumParts(shared, parts, tile, at, rows);
  if (!at.works) return;
  const float variance = total.squares / float(rows);
  if (blockIdx.y == 0 && at.line == 0) storeStatistics(statistics, at.c, total.mean, variance);
  if (!to.y) return;
  const float factor = (to.gamma ? to.gamma[at.c] : 1.0f) / sqrtf(variance + epsilon);
  const float offset = to.beta ? to.beta[at.c] : 0.0f;
  const auto put = [&](int index, float value, float addend) {
    const float normalized = (value - total.mean) * factor + offset;
    to.y[index] = activate(to.activation, to.addend ? normalized + addend : normalized);
  };
  const Stretch of = stretchOf(rowsPerStretch, rows);
  int row = of.begin + at.line;
  for (; row + (rowsAtOnce - 1) * tile.lines < of.end; row += rowsAtOnce * tile.lines) {
    float values[rowsAtOnce], addends[rowsAtOnce];
    UNROLL
    for (int i = 0; i < rowsAtOnce; i++) {
      const int index = (row + i * tile.lines) * tile.C + at.c;
      values[i] = x[index];
      addends[i] = to.addend ? to.addend[index] : 0.0f;
    }
    UNROLL
    for (int i = 0; i < rowsAtOnce; i++) put((row + i * tile.lines) * tile.C + at.c, values[i], addends[i]);
  }
  for (; row < of.end; row += tile.lines) {
    const int index = row * tile.C + at.c;
    put(index, x[index], to.addend ? to.addend[index] : 0.0f);
  }
}
EXPORT_KERNEL(batchNormOutput)

// The gradient g of what batch normalization gave.
struct NormGradient {
  const float* a;
  // Null without.
  const float* b;
  // What the activation gave; null without one.
  const float* y;
  Quadratics activation;
  DEVICE float at(int index) const {
    const float dy = b ? a[index] + b[index] : a[index];
    return y ? activationGradient(activation, dy, y[index]) : dy;
  }
};

// Calls each(index, g, x) for the thread's elements of the block's stretch.
template <class Each>
DEVICE void forEachGradient(const NormGradient& from, const float* __restrict__ x, const ChannelPlace& at,
                            const ChannelTile& tile, int rows, int rowsPerStretch, const Each& each) {
  const Stretch of = stretchOf(rowsPerStretch, rows);
  int row = of.begin + at.line;
  for (; row + (rowsAtOnce - 1) * tile.lines < of.end; row += rowsAtOnce * tile.lines) {
    float gradients[rowsAtOnce], values[rowsAtOnce];
    UNROLL
    for (int i = 0; i < rowsAtOnce; i++) {
      const int index = (row + i * tile.lines) * tile.C + at.c;
      gradients[i] = from.at(index);
      values[i] = x[index];
    }
    UNROLL
    for (int i = 0; i < rowsAtOnce; i++) each((row + i * tile.lines) * tile.C + at.c, gradients[i], values[i]);
  }
  for (; row < of.end; row += tile.lines) {
    const int index = row * tile.C + at.c;
    each(index, from.at(index), x[index]);
  }
}

// g is null where nothing else reads it.
KERNEL __launch_bounds__(blockThreads, 4)
    batchNormGradientParts(NormGradient from, const float* __restrict__ x, const float* __restrict__ mean, float* g,
                           float* parts, ChannelTile tile, int rows, int rowsPerStretch) {
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  GradientSums own{0.0f, 0.0f};
  if (at.works) {
    const float center = mean[at.c];
    const auto add = [&](int index, float gradient, float value) {
      if (g) g[index] = gradient;
      own.products = fmaf(gradient, value - center, own.products);
      own.gradients += gradient;
    };
    forEachGradient(from, x, at, tile, rows, rowsPerStretch, add);
  }
  storePart(parts, own, tile, at);
}
EXPORT_KERNEL(batchNormGradientParts)

struct NormGradients {
  // Each is null where it is not wanted.
  float* scaleGradient;
  float* offsetGradient;
  float* dx;
};

KERNEL __launch_bounds__(blockThreads, 4)
    batchNormGradients(NormGradient from, const float* __restrict__ x, const float* __restrict__ mean,
                       const float* __restrict__ variance, const float* __restrict__ gamma, NormGradients to,
                       ChannelParts parts, ChannelTile tile, float epsilon, int rows, int rowsPerStretch) {
  SHARED_ARRAY(GradientSums, shared, blockThreads);
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const GradientSums total = sumParts(shared, parts, tile, at, rows);
  if (!at.works) return;
  const float deviation = sqrtf(variance[at.c] + epsilon), scaleGradient = total.products / deviation;
  if (blockIdx.y == 0 && at.line == 0) {
    if (to.scaleGradient) to.scaleGradient[at.c] = scaleGradient;
    if (to.offsetGradient) to.offsetGradient[at.c] = total.gradients;
  }
  if (!to.dx) return;
  const float center = mean[at.c], inverse = 1.0f / deviation;
  const float offset = total.gradients / float(rows), slope = inverse * scaleGradient / float(rows);
  const float factor = gamma ? inverse * gamma[at.c] : inverse;
  const auto put = [&](int index, float gradient, float value) {
    to.dx[index] = factor * (gradient - offset - (value - center) * slope);
  };
  forEachGradient(from, x, at, tile, rows, rowsPerStretch, put);
}
EXPORT_KERNEL(batchNormGradients)
