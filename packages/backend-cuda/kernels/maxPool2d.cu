// y = the largest number of the window, argmax = its position ph * PW + pw, the first of equals; and its gradient. Padding
// never wins.
//
// input [N,H,W,C] <-> output [N,OH,OW,C]
// Cost: reads every window once, PH PW numbers an output; bound by memory (or the cache, where windows overlap).
// Idea: one output (backward: one input position) a thread. The gradient is gathered: each position goes over the
// windows that hold it, in their order, so nothing is added up atomically.
// Predicted, H200: 2 TB/s on tensors larger than the L2 cache; not measured.
#include "loops.h"
#include "poolingShape.h"

KERNEL maxPool2d(const float* __restrict__ x, float* __restrict__ y, int* __restrict__ argmax, PoolingShape shape) {
  INDEX_BELOW(shape.N * shape.OH * shape.OW * shape.C)
  const Place at = placeOf(index, shape.byC, shape.byOW, shape.byOH);
  const Span rows = rowsOf(shape, at.h), columns = columnsOf(shape, at.w);
  float largest = 0.0f;
  int position = -1;
  for (int ph = rows.first; ph < rows.end; ph++) {
    const int h = rows.start + ph * shape.dilationH;
    for (int pw = columns.first; pw < columns.end; pw++) {
      const int w = columns.start + pw * shape.dilationW;
      const float candidate = x[((at.n * shape.H + h) * shape.W + w) * shape.C + at.c];
      if (position < 0 || candidate > largest) {
        largest = candidate;
        position = ph * shape.windowW + pw;
      }
    }
  }
  y[index] = largest;
  argmax[index] = position;
}
EXPORT_KERNEL(maxPool2d)

KERNEL maxPool2dBackward(const float* __restrict__ dy, const int* __restrict__ argmax, float* __restrict__ dx,
                         PoolingShape shape) {
  INDEX_BELOW(shape.N * shape.H * shape.W * shape.C)
  const Place at = placeOf(index, shape.byC, shape.byW, shape.byH);
  const Readers rows = readersOf(at.h, shape.strideH, shape.top, shape.dilationH, shape.windowH, shape.OH);
  const Readers columns = readersOf(at.w, shape.strideW, shape.left, shape.dilationW, shape.windowW, shape.OW);
  float sum = 0.0f;
  for (int oh = rows.first; oh < rows.end; oh++) {
    for (int ow = columns.first; ow < columns.end; ow++) {
      const int from = ((at.n * shape.OH + oh) * shape.OW + ow) * shape.C + at.c;
      const int position = argmax[from];
      const int ph = quotient(position, shape.byWindowW), pw = position - ph * shape.windowW;
      const bool won = oh * shape.strideH - shape.top + ph * shape.dilationH == at.h &&
                       ow * shape.strideW - shape.left + pw * shape.dilationW == at.w;
      if (won) sum += dy[from];
    }
  }
  dx[index] = sum;
}
EXPORT_KERNEL(maxPool2dBackward)
