// y = f(x), dx = dy f'(y), y = a + b, y = x + b[c]; one element a thread, grid-stride.
//
// Cost: 8 to 12 bytes an element, a handful of operations: bound by memory.
// Predicted, H200: 4 TB/s on tensors larger than the L2 cache; not measured.
#include "activation.h"
#include "divisor.h"
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

KERNEL add(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y, int count) {
  FOR_EACH(i, count) y[i] = a[i] + b[i];
}
EXPORT_KERNEL(add)

// x [rows, C], bias [C]
KERNEL biasAdd(const float* __restrict__ x, const float* __restrict__ bias, float* __restrict__ y, Divisor byC,
               int count) {
  FOR_EACH(i, count) y[i] = x[i] + bias[modulo(i, byC)];
}
EXPORT_KERNEL(biasAdd)
