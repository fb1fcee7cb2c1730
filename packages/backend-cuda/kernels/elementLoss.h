// Losses that are sums over elements of [rows,C].
#pragma once
#include "divisor.h"
#include "loops.h"
#include "rowSums.h"

// The weight of element i's row.
DEVICE float weightOf(const float* weights, int i, const Divisor& byC) {
  return weights ? weights[quotient(i, byC)] : 1.0f;
}
