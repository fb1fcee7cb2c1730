// Operands of the two gradients of a convolution. dy is the gradient of the convolution's output, [N,OH,OW,F]; it is
// computed from the gradient of what follows wherever it is read, and never stored.
#pragma once
#include "../activation.h"
#include "convolutionShape.h"

// dy[n,oh,ow,f]: through the activation, and with pooling out of the window's gradient where this position won.
template <bool pooled> struct OutputGradient {
  // Gradient of the activation's output; [N,PH,PW,F] with pooling, [N,OH,OW,F] without. So are `output` and `argmax`.
  const float* __restrict__ gradient;
  // The activation's output; null without an activation.
  const float* __restrict__ output;
  const int* __restrict__ argmax;
  const Quadratics& activation;
  const ConvolutionShape& shape;

  // oh and ow must lie inside the output.
  DEVICE float at(int n, int oh, int ow, int f) const {
    int index;
    if (pooled) {
      const int ph = oh >> 1, pw = ow >> 1;
      if (ph >= shape.PH || pw >= shape.PW) return 0.0f;
      index = ((n * shape.PH + ph) * shape.PW + pw) * shape.F + f;
      if (__ldg(argmax + index) != ((oh & 1) << 1 | (ow & 1))) return 0.0f;
    } else {
      index = ((n * shape.OH + oh) * shape.OW + ow) * shape.F + f;
    }
    const float dy = __ldg(gradient + index);
    return output ? activationGradient(activation, dy, __ldg(output + index)) : dy;
  }
};

// For the input's gradient: rows are input positions, k = (kh * KW + kw) * F + f.
template <bool pooled> struct GradientPatches {
  static constexpr bool alongDepth = true;
  OutputGradient<pooled> dy;
  const ConvolutionShape& shape;

  struct Line {
    int n, h, w;
  };
  struct Depth {
    int f, h, w;
  };
  DEVICE Line line(int index) const {
    if (index >= shape.N * shape.H * shape.W) return {0, outside, outside};
    const int n = quotient(index, shape.byInputArea);
    const int rest = index - n * (shape.H * shape.W);
    const int h = quotient(rest, shape.byW);
    return {n, h + shape.top, rest - h * shape.W + shape.left};
  }
  DEVICE Depth depth(int k, int end) const {
    if (k >= end) return {0, -outside, -outside};
    const int window = quotient(k, shape.byF);
    const int kh = quotient(window, shape.byKW);
    return {k - window * shape.F, kh * shape.dilationH, (window - kh * shape.KW) * shape.dilationW};
  }
  DEVICE float load(const Line& line, const Depth& depth) const {
    const int h = line.h - depth.h, w = line.w - depth.w;
    if (h < 0 || w < 0) return 0.0f;
    const int oh = quotient(h, shape.byStrideH), ow = quotient(w, shape.byStrideW);
    const bool read = oh * shape.strideH == h && ow * shape.strideW == w && oh < shape.OH && ow < shape.OW;
    return read ? dy.at(line.n, oh, ow, depth.f) : 0.0f;
  }
};

// For the input's gradient: b[(kh * KW + kw) * F + f, c] = kernel[kh,kw,c,f].
struct TransposedKernel {
  static constexpr bool alongDepth = true;
  const float* __restrict__ kernel;
  const ConvolutionShape& shape;

  using Line = int;
  using Depth = int;
  DEVICE Line line(int index) const { return index < shape.C ? index * shape.F : outside; }
  DEVICE Depth depth(int k, int end) const {
    if (k >= end) return outside;
    const int window = quotient(k, shape.byF);
    return window * (shape.C * shape.F) + (k - window * shape.F);
  }
  DEVICE float load(Line line, Depth depth) const {
    return line >= 0 && depth >= 0 ? __ldg(kernel + line + depth) : 0.0f;
  }
};

// For the kernel's gradient: rows are patch elements, k is the output position. One row more, of ones, gives the bias'
// gradient.
template <bool pooled> struct TransposedPatches {
  static constexpr bool alongDepth = false;
  BatchInput x;
  const ConvolutionShape& shape;
  // KH * KW * C, or 0 for the row of ones alone.
  int length;

  struct Line {
    int element, h, w;
    // 1 in the row of ones, else 0.
    float one;
  };
  struct Depth {
    int corner, h, w;
  };
  DEVICE Line line(int index) const {
    if (index >= length) return {0, outside, outside, index == length ? 1.0f : 0.0f};
    const PatchElement at = patchElementOf(shape, index);
    return {(at.h * shape.W + at.w) * shape.C + at.c, at.h, at.w, 0.0f};
  }
  DEVICE Depth depth(int k, int end) const {
    if (k >= end) return {-1, outside, outside};
    const Position at = positionOf<pooled>(shape, k);
    const int h = at.oh * shape.strideH - shape.top, w = at.ow * shape.strideW - shape.left;
    return {((at.n * shape.H + h) * shape.W + w) * shape.C, h, w};
  }
  DEVICE float load(const Line& line, const Depth& depth) const {
    return line.one + paddedInput(x, shape, depth.corner, depth.h, depth.w, line.element, line.h, line.w);
  }
};

// For the kernel's gradient: b[position, f] = dy.
template <bool pooled> struct GradientRows {
  static constexpr bool alongDepth = false;
  OutputGradient<pooled> dy;
  const ConvolutionShape& shape;

  using Line = int;
  struct Depth {
    int n, oh, ow;
  };
  DEVICE Line line(int index) const { return index < shape.F ? index : outside; }
  DEVICE Depth depth(int k, int end) const {
    if (k >= end) return {outside, 0, 0};
    const Position at = positionOf<pooled>(shape, k);
    return {at.n, at.oh, at.ow};
  }
  DEVICE float load(Line line, const Depth& depth) const {
    return line >= 0 && depth.n >= 0 ? dy.at(depth.n, depth.oh, depth.ow, line) : 0.0f;
  }
};
