// y = a b; one element a thread, grid-stride.
//
// [...], [...] -> [...]
// Cost: 12 bytes and one operation an element: bound by memory. Not measured yet.
#include "loops.h"

KERNEL multiply(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y, int count) {
  FOR_EACH(i, count) y[i] = a[i] * b[i];
}
EXPORT_KERNEL(multiply)
