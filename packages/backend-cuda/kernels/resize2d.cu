// y[n,oh,ow,c] = x at the centre of its pixel: the nearest pixel, or the four around it weighted by their distance; dx[n,h,w,c] =
// sum over the outputs of their weight of x[n,h,w,c] times dy.
//
// x, dx [N,H,W,C], y, dy [N,OH,OW,C]
// Along an axis of `in` pixels that becomes `out` the position of output o is ((2 o + 1) in - out) / (2 out), between 0 and in - 1;
// nearest takes pixel floor((2 o + 1) in / (2 out)). All in whole numbers, so that no rounding picks another pixel.
// Cost: writes every number once and reads each about once, the rest out of the cache; bound by memory, bilinear gradients by
// integer arithmetic.
// Idea: one output (backward: one input position) a thread. Backward it goes over the outputs around it in their order, so nothing
// is added up atomically. Not measured yet.
#include "loops.h"
#include "place.h"

struct ResizeAxis {
  int inputs, outputs;
  // 2 outputs, 2 inputs.
  Divisor byUnit, byStep;
};

struct ResizeShape {
  int C;
  ResizeAxis rows, columns;
  // Of the tensor whose elements are dealt out.
  Divisor byC, byWidth, byHeight;
};

DEVICE int nearestOf(const ResizeAxis& axis, int output) {
  return quotient((2 * output + 1) * axis.inputs, axis.byUnit);
}

// Pixels index and index + 1, of which the second has weight `fraction`; where that is 0 it need not exist.
struct Between {
  int index;
  float fraction;
};
DEVICE Between betweenOf(const ResizeAxis& axis, int output) {
  const int unit = axis.byUnit.divisor;
  const int position = min(max((2 * output + 1) * axis.inputs - axis.outputs, 0), (axis.inputs - 1) * unit);
  const int index = quotient(position, axis.byUnit);
  return {index, float(position - index * unit) / float(unit)};
}

// Not a product with 0: the other number may be infinite.
DEVICE float mixed(float first, float second, float fraction) {
  return fraction > 0.0f ? (1.0f - fraction) * first + fraction * second : first;
}

KERNEL resizeNearest(const float* __restrict__ x, float* __restrict__ y, ResizeShape shape, int count) {
  FOR_EACH(i, count) {
    const Place at = placeOf(i, shape.byC, shape.byWidth, shape.byHeight);
    const int h = nearestOf(shape.rows, at.h), w = nearestOf(shape.columns, at.w);
    y[i] = x[((at.n * shape.rows.inputs + h) * shape.columns.inputs + w) * shape.C + at.c];
  }
}
EXPORT_KERNEL(resizeNearest)

KERNEL resizeBilinear(const float* __restrict__ x, float* __restrict__ y, ResizeShape shape, int count) {
  FOR_EACH(i, count) {
    const Place at = placeOf(i, shape.byC, shape.byWidth, shape.byHeight);
    const Between h = betweenOf(shape.rows, at.h), w = betweenOf(shape.columns, at.w);
    const int first = ((at.n * shape.rows.inputs + h.index) * shape.columns.inputs + w.index) * shape.C + at.c;
    const int below = h.fraction > 0.0f ? first + shape.columns.inputs * shape.C : first;
    const int beside = w.fraction > 0.0f ? shape.C : 0;
    y[i] = mixed(mixed(x[first], x[first + beside], w.fraction), mixed(x[below], x[below + beside], w.fraction),
                 h.fraction);
  }
}
EXPORT_KERNEL(resizeBilinear)

// Along one axis: outputs [first, end).
struct Outputs {
  int first, end;
};

// The first output o with (2 o + 1) in >= bound.
DEVICE int firstReaching(const ResizeAxis& axis, int bound) {
  const int beyond = bound - axis.inputs;
  return beyond <= 0 ? 0 : min(int(quotient(beyond + 2 * axis.inputs - 1, axis.byStep)), axis.outputs);
}

// Those that take pixel `at`.
DEVICE Outputs nearestReaders(const ResizeAxis& axis, int at) {
  const int unit = axis.byUnit.divisor;
  return {firstReaching(axis, at * unit), firstReaching(axis, (at + 1) * unit)};
}

// Those less than a pixel away from pixel `at`; for the pixels at the ends, all beyond them too.
DEVICE Outputs betweenReaders(const ResizeAxis& axis, int at) {
  const int unit = axis.byUnit.divisor;
  const int first = at == 0 ? 0 : firstReaching(axis, (at - 1) * unit + axis.outputs + 1);
  return {first, at == axis.inputs - 1 ? axis.outputs : firstReaching(axis, (at + 1) * unit + axis.outputs)};
}

// Weight of pixel `at` in an output.
DEVICE float weightIn(const ResizeAxis& axis, int output, int at) {
  const Between between = betweenOf(axis, output);
  return between.index == at ? 1.0f - between.fraction : between.index + 1 == at ? between.fraction : 0.0f;
}

KERNEL resizeNearestBackward(const float* __restrict__ dy, float* __restrict__ dx, ResizeShape shape, int count) {
  FOR_EACH(i, count) {
    const Place at = placeOf(i, shape.byC, shape.byWidth, shape.byHeight);
    const Outputs rows = nearestReaders(shape.rows, at.h), columns = nearestReaders(shape.columns, at.w);
    float sum = 0.0f;
    for (int oh = rows.first; oh < rows.end; oh++) {
      const int line = (at.n * shape.rows.outputs + oh) * shape.columns.outputs;
      for (int ow = columns.first; ow < columns.end; ow++) sum += dy[(line + ow) * shape.C + at.c];
    }
    dx[i] = sum;
  }
}
EXPORT_KERNEL(resizeNearestBackward)

KERNEL resizeBilinearBackward(const float* __restrict__ dy, float* __restrict__ dx, ResizeShape shape, int count) {
  FOR_EACH(i, count) {
    const Place at = placeOf(i, shape.byC, shape.byWidth, shape.byHeight);
    const Outputs rows = betweenReaders(shape.rows, at.h), columns = betweenReaders(shape.columns, at.w);
    float sum = 0.0f;
    for (int oh = rows.first; oh < rows.end; oh++) {
      const float rowWeight = weightIn(shape.rows, oh, at.h);
      const int line = (at.n * shape.rows.outputs + oh) * shape.columns.outputs;
      for (int ow = columns.first; ow < columns.end; ow++) {
        const float weight = rowWeight * weightIn(shape.columns, ow, at.w);
        if (weight > 0.0f) sum = fmaf(weight, dy[(line + ow) * shape.C + at.c], sum);
      }
    }
    dx[i] = sum;
  }
}
EXPORT_KERNEL(resizeBilinearBackward)
