// Labels of a row of predictions: a class number, or one number a class.
#pragma once
#include "reduce.h"

struct Labels {
  // Class numbers [rows]; null when categorical.
  const int* __restrict__ classes;
  // Targets [rows,C]; null when sparse.
  const float* __restrict__ targets;

  DEVICE float target(int row, int c, int C) const {
    return classes ? (classes[row] == c ? 1.0f : 0.0f) : targets[int64_t(row) * C + c];
  }
};

// A candidate for a row's largest number.
struct Largest {
  float value;
  int position;
};

// By all lanes of a warp: position of the largest of `values(c)`, the first of equals; -1 where one is NaN.
template <class Values> DEVICE int rowArgmax(const Values& values, int C, int lane) {
  Largest best{-INFINITY, C};
  bool whole = true;
  for (int c = lane; c < C; c += 32) {
    const float value = values(c);
    whole = whole && value == value;
    if (value > best.value || best.position == C) best = {value, c};
  }
  UNROLL
  for (int distance = 16; distance > 0; distance >>= 1) {
    const Largest other{__shfl_xor_sync(allLanes, best.value, distance),
                        __shfl_xor_sync(allLanes, best.position, distance)};
    const bool better =
        other.position < C && (best.position == C || other.value > best.value ||
                               (other.value == best.value && other.position < best.position));
    if (better) best = other;
  }
  const float broken = warpSum(whole ? 0.0f : 1.0f);
  return broken > 0.0f ? -1 : best.position;
}
