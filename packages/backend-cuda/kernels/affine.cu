// y = scale x + offset; one element a thread, grid-stride.
//
// [...] -> [...]
// Cost: 8 bytes and two operations an element: bound by memory. Not measured yet.
#include "loops.h"

KERNEL affine(const float* __restrict__ x, float* __restrict__ y, float scale, float offset, int count) {
  FOR_EACH(i, count) y[i] = scale * x[i] + offset;
}
EXPORT_KERNEL(affine)
