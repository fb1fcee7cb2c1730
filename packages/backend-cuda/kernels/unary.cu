// y = f(x), dx = dy f'(y) or dy f'(x), as core's table of the functions says; one element a thread, grid-stride.
//
// Cost: 8 and 12 bytes an element, a handful of operations, up to about 40 for gelu, more for power: bound by memory.
// Idea: the functions that products have built in share a kernel, the others have one each: their code is several times as
// long, and the loop has no branch on the function.
// Predicted, H200: 4 TB/s on tensors larger than the L2 cache; not measured.
//
// Kernels: unary and unaryBackward, and with the name of a function behind them.
#include "activation.h"
#include "loops.h"
#include "unaryFunctions.h"

KERNEL unary(const float* __restrict__ x, float* __restrict__ y, Activation f, int count) {
  FOR_EACH(i, count) y[i] = activate(f, x[i]);
}
EXPORT_KERNEL(unary)

KERNEL unaryBackward(const float* __restrict__ dy, const float* __restrict__ y, float* __restrict__ dx, Activation f,
                     int count) {
  FOR_EACH(i, count) dx[i] = activationGradient(f, dy[i], y[i]);
}
EXPORT_KERNEL(unaryBackward)

#define UNARY(name, Function)                                                               \
  KERNEL name(const float* __restrict__ x, float* __restrict__ y, float alpha, int count) { \
    FOR_EACH(i, count) y[i] = Function::value(x[i], alpha);                                 \
  }                                                                                         \
  EXPORT_KERNEL(name)

#define UNARY_BACKWARD(name, Function)                                                                               \
  KERNEL name(const float* __restrict__ dy, const float* __restrict__ operand, float* __restrict__ dx, float alpha,  \
              int count) {                                                                                           \
    FOR_EACH(i, count) dx[i] = dy[i] * Function::slope(operand[i], alpha);                                           \
  }                                                                                                                  \
  EXPORT_KERNEL(name)

#define UNARY_PAIR(Function)         \
  UNARY(unary##Function, Function)   \
  UNARY_BACKWARD(unaryBackward##Function, Function)

UNARY_PAIR(Softplus)
UNARY_PAIR(Softsign)
UNARY_PAIR(HardSigmoid)
UNARY_PAIR(HardSilu)
UNARY_PAIR(Silu)
UNARY_PAIR(Gelu)
UNARY_PAIR(GeluTanh)
UNARY_PAIR(Abs)
UNARY_PAIR(Square)
UNARY_PAIR(Huber)
UNARY_PAIR(Power)
