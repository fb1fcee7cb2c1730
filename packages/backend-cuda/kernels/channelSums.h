// Sums over the rows of [rows,C] for each channel, in a fixed order: over a thread's rows, the lines of a block, the blocks of a
// column of the grid.
//
// Grid: (tiles of channels, stretches of rows).
#pragma once
#include "channels.h"
#include "reduce.h"

DEVICE float combined(float a, float b) { return a + b; }

// Over the lines of a block, by a tree; the sum is right in the first line. All threads must call it.
template <class Sum> DEVICE Sum sumLines(Sum (&shared)[blockThreads], const Sum& own, const ChannelTile& tile, int line) {
  __syncthreads();  // an earlier sum may still be read
  shared[threadIdx.x] = own;
  __syncthreads();
  for (int left = tile.lines; left > 1;) {
    const int half = (left + 1) / 2;
    if (line < left - half) {
      shared[threadIdx.x] = combined(shared[threadIdx.x], shared[threadIdx.x + half * tile.byColumns.divisor]);
    }
    left = half;
    __syncthreads();
  }
  return shared[threadIdx.x];
}

// Mean and squared differences from it, added up.
struct Moments {
  float count, mean, squares;
};
// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979: nothing cancels
// where the mean is far from 0.
DEVICE Moments combined(const Moments& a, const Moments& b) {
  if (b.count == 0.0f) return a;
  const float count = a.count + b.count, share = b.count / count, difference = b.mean - a.mean;
  return {count, a.mean + difference * share, a.squares + b.squares + difference * difference * (a.count * share)};
}
// Of a few numbers: their mean, then the differences from it.
template <int count> DEVICE Moments momentsOf(const float (&values)[count]) {
  float sum = 0.0f, squares = 0.0f;
  UNROLL
  for (int i = 0; i < count; i++) sum += values[i];
  const float mean = sum / float(count);
  UNROLL
  for (int i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
  return {float(count), mean, squares};
}
// Two numbers of it are kept of a stretch; its rows are known.
DEVICE void store(const Moments& moments, float& first, float& second) {
  first = moments.mean;
  second = moments.squares;
}
DEVICE void restore(Moments& moments, float first, float second, int rows) { moments = {float(rows), first, second}; }
DEVICE Moments withNumber(const Moments& moments, float value) { return combined(moments, Moments{1.0f, value, 0.0f}); }

// Sum of dy xhat and sum of dy.
struct GradientSums {
  float products, gradients;
};
DEVICE GradientSums combined(const GradientSums& a, const GradientSums& b) {
  return {a.products + b.products, a.gradients + b.gradients};
}
DEVICE void store(const GradientSums& sums, float& first, float& second) {
  first = sums.products;
  second = sums.gradients;
}
DEVICE void restore(GradientSums& sums, float first, float second, int) { sums = {first, second}; }

// Where the sums of stretches meet.
struct StretchSums {
  // [stretches, 2, C]; not used with one stretch.
  float* partial;
  // [tiles of channels]
  uint32_t* counters;
  int rowsPerStretch;
};

// Sums `ofRows(begin, end, step)` of each working thread over the stretches; true where the total is, in the threads of one line
// of one block.
template <class Sum, class OfRows>
DEVICE bool sumChannel(Sum& total, const StretchSums& sums, const ChannelTile& tile, const ChannelPlace& at, int rows,
                       const OfRows& ofRows) {
  SHARED_ARRAY(Sum, shared, blockThreads);
  const int begin = blockIdx.y * sums.rowsPerStretch, end = min(rows, begin + sums.rowsPerStretch);
  Sum own = Sum();
  if (at.works) own = ofRows(begin + at.line, end, tile.lines);
  total = sumLines(shared, own, tile, at.line);
  const bool first = at.works && at.line == 0;
  if (gridDim.y == 1) return first;
  if (first) {
    float* to = sums.partial + int64_t(blockIdx.y) * 2 * tile.C + at.c;
    store(total, to[0], to[tile.C]);
  }
  if (!isLastBlock(sums.counters + blockIdx.x, gridDim.y)) return false;
  own = Sum();
  if (at.works) {
    for (int stretch = at.line; stretch < int(gridDim.y); stretch += tile.lines) {
      const float* from = sums.partial + int64_t(stretch) * 2 * tile.C + at.c;
      Sum part;
      restore(part, from[0], from[tile.C], min(sums.rowsPerStretch, rows - stretch * sums.rowsPerStretch));
      own = combined(own, part);
    }
  }
  total = sumLines(shared, own, tile, at.line);
  return first;
}

// Sums that a launch before has left, each of a part of the rows.
struct ChannelParts {
  // [count,2,C]
  const float* parts;
  int count;
  int rowsPerPart;
};

// Their total over `rows` rows, in every working thread. All threads must call it.
template <class Sum>
DEVICE Sum sumParts(Sum (&shared)[blockThreads], const ChannelParts& of, const ChannelTile& tile, const ChannelPlace& at,
                    int rows) {
  Sum own = Sum();
  if (at.works) {
    for (int part = at.line; part < of.count; part += tile.lines) {
      const float* from = of.parts + int64_t(part) * 2 * tile.C + at.c;
      Sum next;
      restore(next, from[0], from[tile.C], min(of.rowsPerPart, rows - part * of.rowsPerPart));
      own = combined(own, next);
    }
  }
  sumLines(shared, own, tile, at.line);
  return shared[threadIdx.x - at.line * tile.byColumns.divisor];
}
