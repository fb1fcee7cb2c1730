// y = max(a, b), NaN where either is; da = a >= b ? dy : 0, db = a >= b ? 0 : dy. One element a thread, grid-stride.
//
// [...], [...] -> [...]
// Cost: 12 and 16 bytes and one operation an element: bound by memory. Not measured yet.
#include "loops.h"

KERNEL maximum(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y, int count) {
  FOR_EACH(i, count) {
    const float first = a[i], second = b[i];
    y[i] = second > first || second != second ? second : first;
  }
}
EXPORT_KERNEL(maximum)

KERNEL maximumBackward(const float* __restrict__ dy, const float* __restrict__ a, const float* __restrict__ b,
                       float* __restrict__ dx, int input, int count) {
  FOR_EACH(i, count) dx[i] = (a[i] >= b[i]) == (input == 0) ? dy[i] : 0.0f;
}
EXPORT_KERNEL(maximumBackward)
