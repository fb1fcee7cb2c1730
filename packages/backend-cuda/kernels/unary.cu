// y = f(x), dx = dy f'(y); one element a thread, grid-stride.
//
// Cost: 8 and 12 bytes an element, a handful of operations: bound by memory.
// Predicted, H200: 4 TB/s on tensors larger than the L2 cache; not measured.
#include "activation.h"
#include "loops.h"

KERNEL unary(const float* __restrict__ x, float* __restrict__ y, Activation f, int count) {
  FOR_EACH(i, count) y[i] = activate(f, x[i]);
}
EXPORT_KERNEL(unary)

KERNEL unaryBackward(const float* __restrict__ dy, const float* __restrict__ y, float* __restrict__ dx, Activation f,
                     int count) {
  FOR_EACH(i, count) dx[i] = activationGradient(f, dy[i], y[i]);
}
EXPORT_KERNEL(unaryBackward)
