// Shapes of a convolution and its optional 2x2 max-pooling, and how matrix indices map to tensor positions.
//
// input x [N,H,W,C], kernel k [KH,KW,C,F], output [N,OH,OW,F], pooled [N,PH,PW,F]. A dense layer is a convolution with
// H = W = KH = KW = 1.
#pragma once
#include "../divisor.h"

struct ConvolutionShape {
  int N, H, W, C;
  int KH, KW, F;
  int OH, OW;
  // Pooled sizes: OH / 2 and OW / 2. Rows and columns that no window covers are left out.
  int PH, PW;
  int strideH, strideW;
  int top, left;
  int dilationH, dilationW;
  Divisor byC, byF, byKW;
  Divisor byInputArea, byW;
  Divisor byOutputArea, byOW;
  Divisor byPooledArea, byPW;
  Divisor byStrideH, byStrideW;

  DEVICE int patchLength() const { return KH * KW * C; }
  // Output positions as rows of a matrix. With pooling: window by window, four rows each.
  template <bool pooled> DEVICE int positions() const { return pooled ? N * PH * PW * 4 : N * OH * OW; }
};

// Far outside any tensor, on the negative side, also after another one has been added.
constexpr int outside = -(1 << 29);

struct Position {
  int n, oh, ow;
};

// Output position of matrix row `index`, which must be below shape.positions().
template <bool pooled> DEVICE Position positionOf(const ConvolutionShape& shape, int index) {
  if (pooled) {
    const int window = index >> 2, within = index & 3;
    const int n = quotient(window, shape.byPooledArea);
    const int rest = window - n * (shape.PH * shape.PW);
    const int ph = quotient(rest, shape.byPW);
    return {n, ph * 2 + (within >> 1), (rest - ph * shape.PW) * 2 + (within & 1)};
  }
  const int n = quotient(index, shape.byOutputArea);
  const int rest = index - n * (shape.OH * shape.OW);
  const int oh = quotient(rest, shape.byOW);
  return {n, oh, rest - oh * shape.OW};
}

// An element of a patch: k = (kh * KW + kw) * C + c.
struct PatchElement {
  int h, w, c;
};
DEVICE PatchElement patchElementOf(const ConvolutionShape& shape, int k) {
  const int window = quotient(k, shape.byC);
  const int kh = quotient(window, shape.byKW);
  return {kh * shape.dilationH, (window - kh * shape.KW) * shape.dilationW, k - window * shape.C};
}

// x [N,H,W,C] in memory. An input has
//   int row(int n)        which row of its tensor holds image n
//   float at(int index)   an element of that tensor
struct BatchInput {
  const float* __restrict__ x;
  DEVICE int row(int n) const { return n; }
  DEVICE float at(int index) const { return __ldg(x + index); }
};

// x at (n, h + dh, w + dw, c); `corner` is the element index of (n, h, w, 0), which may lie in the padding.
template <class Input>
DEVICE float paddedInput(const Input& x, const ConvolutionShape& shape, int corner, int h, int w, int element, int dh,
                         int dw) {
  const bool inside = unsigned(h + dh) < unsigned(shape.H) && unsigned(w + dw) < unsigned(shape.W);
  return inside ? x.at(corner + element) : 0.0f;
}
