// mean[n,g] and variance[n,g] over everything of sample n in group g; y = gamma xhat + beta
// scaleGradient[c] = sum over samples and positions of dy xhat; offsetGradient[c] = sum of dy
// dx = (d - average(d) - xhat average(d xhat)) / sqrt(variance + epsilon), d = gamma dy, averages over the group
//
// xhat = (x - mean) / sqrt(variance + epsilon); x, y, dy, dx [N,P,C], mean, variance [N,G], gamma, beta, the sums [C]
// Cost: y 12 bytes and 8 operations an element, dx 20 and 10, the second reading of a group mostly out of the cache; the sums 8 bytes
// and a root: bound by memory.
// Idea: a warp a group and sample, a block where they have more than 1024 numbers; the statistics in one reading, by eights as
// in batchNorm.cu. The sums go over rows as batchNorm's do. Few large groups leave much of a large card without work. Not measured
// yet.
//
// Kernels: groupNorm and groupNormBackwardInput with Warp or Block behind them. Grid of groupNormBackwardSums: (tiles of
// channels, stretches of rows).
#include "channelSums.h"

struct GroupShape {
  int positions, C, groups;
  // Channels of a group.
  Divisor byGroup;
  Divisor byGroups, byPositions;
  // Groups of all samples, and the numbers of one.
  int count, size;
};

// One group of one sample.
struct Group {
  // Where it begins in the tensor, and its first channel.
  int first, channel;
};
DEVICE Group groupOf(const GroupShape& shape, int index) {
  const int n = quotient(index, shape.byGroups);
  const int channel = (index - n * shape.groups) * int(shape.byGroup.divisor);
  return {n * shape.positions * shape.C + channel, channel};
}
// Number i of a group: how far its channel is from the group's first, and its place in the tensor.
struct Member {
  int c, place;
};
DEVICE Member memberOf(const GroupShape& shape, const Group& group, int i) {
  const int position = quotient(i, shape.byGroup), c = i - position * int(shape.byGroup.divisor);
  return {c, group.first + position * shape.C + c};
}

DEVICE Moments exchanged(const Moments& own, int distance) {
  return {__shfl_xor_sync(allLanes, own.count, distance), __shfl_xor_sync(allLanes, own.mean, distance),
          __shfl_xor_sync(allLanes, own.squares, distance)};
}
DEVICE GradientSums exchanged(const GradientSums& own, int distance) {
  return {__shfl_xor_sync(allLanes, own.products, distance), __shfl_xor_sync(allLanes, own.gradients, distance)};
}

// The sum over the threads of a group, the same bits in each of them.
template <bool block, class Sum> DEVICE Sum sumGroup(Sum own) {
  const int lane = threadIdx.x % 32;
  UNROLL
  for (int distance = 16; distance > 0; distance >>= 1) {
    const Sum other = exchanged(own, distance);
    // The lower lane's first in both of them: the rounding depends on the order.
    own = lane & distance ? combined(other, own) : combined(own, other);
  }
  if (!block) return own;
  SHARED_ARRAY(Sum, warpSums, blockThreads / 32);
  __syncthreads();  // an earlier sum may still be read
  if (lane == 0) warpSums[threadIdx.x / 32] = own;
  __syncthreads();
  own = warpSums[0];
  for (int warp = 1; warp < blockThreads / 32; warp++) own = combined(own, warpSums[warp]);
  return own;
}

// A warp or a block for each.
#define FOR_EACH_GROUP(index, count, block)                                                                  \
  for (int index = block ? blockIdx.x : blockIdx.x * (blockThreads / 32) + threadIdx.x / 32; index < count; \
       index += block ? gridDim.x : gridDim.x * (blockThreads / 32))

template <bool block>
DEVICE void normalizeGroups(const float* __restrict__ x, const float* __restrict__ gamma,
                            const float* __restrict__ beta, float* __restrict__ y, float* __restrict__ mean,
                            float* __restrict__ variance, float epsilon, const GroupShape& shape) {
  constexpr int threads = block ? blockThreads : 32;
  const int thread = block ? threadIdx.x : threadIdx.x % 32;
  FOR_EACH_GROUP(index, shape.count, block) {
    const Group group = groupOf(shape, index);
    Moments moments{0.0f, 0.0f, 0.0f};
    int i = thread;
    for (; i + 7 * threads < shape.size; i += 8 * threads) {
      float values[8];
      UNROLL
      for (int j = 0; j < 8; j++) values[j] = x[memberOf(shape, group, i + j * threads).place];
      moments = combined(moments, momentsOf(values));
    }
    for (; i < shape.size; i += threads) moments = withNumber(moments, x[memberOf(shape, group, i).place]);
    moments = sumGroup<block>(moments);
    const float spread = moments.squares / float(shape.size);
    const float inverse = 1.0f / sqrtf(spread + epsilon);
    for (i = thread; i < shape.size; i += threads) {
      const Member at = memberOf(shape, group, i);
      const float factor = gamma ? inverse * gamma[group.channel + at.c] : inverse;
      y[at.place] = (x[at.place] - moments.mean) * factor + (beta ? beta[group.channel + at.c] : 0.0f);
    }
    if (thread == 0) {
      mean[index] = moments.mean;
      variance[index] = spread;
    }
  }
}

#define GROUP_NORM(name, block)                                                                                       \
  KERNEL __launch_bounds__(blockThreads, 4) name(const float* x, const float* gamma, const float* beta, float* y,     \
                                                 float* mean, float* variance, float epsilon, GroupShape shape) {     \
    normalizeGroups<block>(x, gamma, beta, y, mean, variance, epsilon, shape);                                        \
  }                                                                                                                   \
  EXPORT_KERNEL(name)

GROUP_NORM(groupNormWarp, false)
GROUP_NORM(groupNormBlock, true)

template <bool block>
DEVICE void groupGradients(const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ mean,
                           const float* __restrict__ variance, const float* __restrict__ gamma, float* __restrict__ dx,
                           float epsilon, const GroupShape& shape) {
  constexpr int threads = block ? blockThreads : 32;
  const int thread = block ? threadIdx.x : threadIdx.x % 32;
  FOR_EACH_GROUP(index, shape.count, block) {
    const Group group = groupOf(shape, index);
    const float center = mean[index], inverse = 1.0f / sqrtf(variance[index] + epsilon);
    GradientSums sums{0.0f, 0.0f};
    for (int i = thread; i < shape.size; i += threads) {
      const Member at = memberOf(shape, group, i);
      const float d = gamma ? dy[at.place] * gamma[group.channel + at.c] : dy[at.place];
      sums.products = fmaf(d, x[at.place] - center, sums.products);
      sums.gradients += d;
    }
    sums = sumGroup<block>(sums);
    const float offset = sums.gradients / float(shape.size);
    const float slope = inverse * inverse * sums.products / float(shape.size);
    for (int i = thread; i < shape.size; i += threads) {
      const Member at = memberOf(shape, group, i);
      const float d = gamma ? dy[at.place] * gamma[group.channel + at.c] : dy[at.place];
      dx[at.place] = (d - offset - (x[at.place] - center) * slope) * inverse;
    }
  }
}

#define GROUP_NORM_BACKWARD_INPUT(name, block)                                                                     \
  KERNEL __launch_bounds__(blockThreads, 4) name(const float* dy, const float* x, const float* mean,               \
                                                 const float* variance, const float* gamma, float* dx,             \
                                                 float epsilon, GroupShape shape) {                                \
    groupGradients<block>(dy, x, mean, variance, gamma, dx, epsilon, shape);                                       \
  }                                                                                                                \
  EXPORT_KERNEL(name)

GROUP_NORM_BACKWARD_INPUT(groupNormBackwardInputWarp, false)
GROUP_NORM_BACKWARD_INPUT(groupNormBackwardInputBlock, true)

KERNEL __launch_bounds__(blockThreads)
    groupNormBackwardSums(const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ mean,
                          const float* __restrict__ variance, float* scaleGradient, float* offsetGradient,
                          StretchSums sums, ChannelTile tile, float epsilon, GroupShape shape, int rows) {
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const int group = quotient(at.works ? at.c : 0, shape.byGroup);
  const auto ofRows = [&](int row, int end, int step) {
    GradientSums own{0.0f, 0.0f};
    for (; row < end; row += step) {
      const int statistic = quotient(row, shape.byPositions) * shape.groups + group;
      const float gradient = dy[row * tile.C + at.c];
      const float inverse = 1.0f / sqrtf(variance[statistic] + epsilon);
      own.products = fmaf(gradient, (x[row * tile.C + at.c] - mean[statistic]) * inverse, own.products);
      own.gradients += gradient;
    }
    return own;
  };
  GradientSums total;
  if (sumChannel(total, sums, tile, at, rows, ofRows)) {
    scaleGradient[at.c] = total.products;
    offsetGradient[at.c] = total.gradients;
  }
}
EXPORT_KERNEL(groupNormBackwardSums)
