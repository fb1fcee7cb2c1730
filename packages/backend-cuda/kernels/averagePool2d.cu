// y = the mean of the window's numbers inside the input, and its gradient: padding does not count.
//
// input [N,H,W,C] <-> output [N,OH,OW,C]
// Cost: reads every window once, PH PW numbers an output; bound by memory (or the cache, where windows overlap).
// Idea: as in maxPool2d.cu.
// Predicted, H200: 2 TB/s on tensors larger than the L2 cache; not measured.
#include "loops.h"
#include "poolingShape.h"

KERNEL averagePool2d(const float* __restrict__ x, float* __restrict__ y, PoolingShape shape) {
  INDEX_BELOW(shape.N * shape.OH * shape.OW * shape.C)
  const Place at = placeOf(index, shape.byC, shape.byOW, shape.byOH);
  const Span rows = rowsOf(shape, at.h), columns = columnsOf(shape, at.w);
  float sum = 0.0f;
  for (int ph = rows.first; ph < rows.end; ph++) {
    const int h = rows.start + ph * shape.dilationH;
    for (int pw = columns.first; pw < columns.end; pw++) {
      const int w = columns.start + pw * shape.dilationW;
      sum += x[((at.n * shape.H + h) * shape.W + w) * shape.C + at.c];
    }
  }
  y[index] = sum / float((rows.end - rows.first) * (columns.end - columns.first));
}
EXPORT_KERNEL(averagePool2d)

KERNEL averagePool2dBackward(const float* __restrict__ dy, float* __restrict__ dx, PoolingShape shape) {
  INDEX_BELOW(shape.N * shape.H * shape.W * shape.C)
  const Place at = placeOf(index, shape.byC, shape.byW, shape.byH);
  const Readers down = readersOf(at.h, shape.strideH, shape.top, shape.dilationH, shape.windowH, shape.OH);
  const Readers across = readersOf(at.w, shape.strideW, shape.left, shape.dilationW, shape.windowW, shape.OW);
  float sum = 0.0f;
  for (int oh = down.first; oh < down.end; oh++) {
    const Span rows = rowsOf(shape, oh);
    if ((at.h - rows.start) % shape.dilationH != 0) continue;
    for (int ow = across.first; ow < across.end; ow++) {
      const Span columns = columnsOf(shape, ow);
      if ((at.w - columns.start) % shape.dilationW != 0) continue;
      const int count = (rows.end - rows.first) * (columns.end - columns.first);
      sum += dy[((at.n * shape.OH + oh) * shape.OW + ow) * shape.C + at.c] / float(count);
    }
  }
  dx[index] = sum;
}
EXPORT_KERNEL(averagePool2dBackward)
