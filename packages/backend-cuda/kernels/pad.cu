// y[o] = x[o - before], 0 where that lies outside x; negative numbers crop.
//
// x [A,B,C,D] -> y, each axis longer or shorter
// Cost: 8 bytes an element of y at most, a dozen operations for its place: bound by memory.
// Idea: the host joins axes that stay as they are to the one before them, so that most paddings have fewer than four. One
// element of y a thread, grid-stride. Not measured yet.
#include "divisor.h"
#include "loops.h"

struct PadShape {
  // Axes of y behind the first.
  Divisor by[3];
  // Of x.
  int sizes[4];
  int before[4];
};

KERNEL pad(const float* __restrict__ x, float* __restrict__ y, PadShape shape, int count) {
  FOR_EACH(i, count) {
    int place = i, from = 0, scale = 1;
    bool inside = true;
    UNROLL
    for (int axis = 3; axis >= 0; axis--) {
      const int rest = axis > 0 ? int(quotient(place, shape.by[axis > 0 ? axis - 1 : 0])) : 0;
      const int at = (axis > 0 ? place - rest * int(shape.by[axis > 0 ? axis - 1 : 0].divisor) : place) - shape.before[axis];
      inside = inside && unsigned(at) < unsigned(shape.sizes[axis]);
      from += at * scale;
      scale *= shape.sizes[axis];
      place = rest;
    }
    y[i] = inside ? x[from] : 0.0f;
  }
}
EXPORT_KERNEL(pad)
