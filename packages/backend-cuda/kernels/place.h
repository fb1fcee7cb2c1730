// The place in [N,H,W,C] that an element index stands for.
#pragma once
#include "divisor.h"

struct Place {
  int n, h, w, c;
};
DEVICE Place placeOf(int index, const Divisor& byC, const Divisor& byWidth, const Divisor& byHeight) {
  const int pixel = quotient(index, byC);
  const int row = quotient(pixel, byWidth);
  const int n = quotient(row, byHeight);
  return {n, row - n * int(byHeight.divisor), pixel - row * int(byWidth.divisor), index - pixel * int(byC.divisor)};
}
