// Shapes of a depthwise convolution, input [N,H,W,C] to output [N,OH,OW,F] with F = C M, and how work is dealt out: strips of a
// few neighbouring pixels of a row, for one channel a thread.
#pragma once
#include "channels.h"

struct DepthwiseShape {
  int N, H, W, C;
  int KH, KW, M, F;
  int OH, OW;
  int strideH, strideW;
  int top, left;
  int dilationH, dilationW;
  Divisor byM, byStrideH, byStrideW;
  // Strips of a row, and rows of an image, of the tensor whose pixels are dealt out.
  Divisor byStrips, byRows;
  // Strips in all.
  int strips;
};

// Pixels of a strip.
constexpr int stripLength = 4;

// A strip: its image, its row in the image and its first column.
struct Strip {
  int n, row, column;
};
DEVICE Strip stripOf(const DepthwiseShape& shape, int index) {
  const int line = quotient(index, shape.byStrips), n = quotient(line, shape.byRows);
  return {n, line - n * int(shape.byRows.divisor), (index - line * int(shape.byStrips.divisor)) * stripLength};
}
#define FOR_EACH_STRIP(index, shape, tile, at) \
  for (int index = blockIdx.x * tile.lines + at.line; index < shape.strips; index += gridDim.x * tile.lines)

// What a strip of outputs reads of row h of the input, from column w on, for channel c: `length` pixels, 0 outside.
template <int length>
DEVICE void loadRow(float (&pixels)[length], const float* __restrict__ x, const DepthwiseShape& shape, int n, int h,
                    int w, int c) {
  const int first = ((n * shape.H + h) * shape.W + w) * shape.C + c;
  UNROLL
  for (int i = 0; i < length; i++) {
    pixels[i] = unsigned(w + i) < unsigned(shape.W) ? __ldg(x + first + i * shape.C) : 0.0f;
  }
}
