// Operands of the forward convolution: patches [positions, KH*KW*C] times kernel [KH*KW*C, F].
#pragma once
#include "convolutionShape.h"
#include "../gather.h"

// x as the rows of a data set of up to 2^30 elements that are the step's batch. Rows that do not exist are reported by
// gatherShare.
struct GatheredInput {
  const GatherSource& source;
  uint32_t start;
  DEVICE int row(int n) const { return sourceRow(source, start, n, nullptr); }
  DEVICE float at(int index) const { return sourceNumber(source, index); }
};

template <bool pooled, class Input> struct Patches {
  static constexpr bool alongDepth = true;
  Input x;
  const ConvolutionShape& shape;

  struct Line {
    int corner, h, w;
  };
  struct Depth {
    int element, h, w;
  };
  DEVICE Line line(int index) const {
    if (index >= shape.positions<pooled>()) return {0, outside, outside};
    const Position at = positionOf<pooled>(shape, index);
    const int h = at.oh * shape.strideH - shape.top, w = at.ow * shape.strideW - shape.left;
    return {((x.row(at.n) * shape.H + h) * shape.W + w) * shape.C, h, w};
  }
  DEVICE Depth depth(int k, int end) const {
    if (k >= end) return {0, outside, outside};
    const PatchElement at = patchElementOf(shape, k);
    return {(at.h * shape.W + at.w) * shape.C + at.c, at.h, at.w};
  }
  DEVICE float load(const Line& line, const Depth& depth) const {
    return paddedInput(x, shape, line.corner, line.h, line.w, depth.element, depth.h, depth.w);
  }
};

// A row-major matrix [k, columns].
struct MatrixRows {
  static constexpr bool alongDepth = false;
  const float* __restrict__ matrix;
  int columns;

  using Line = int;
  using Depth = int;
  DEVICE Line line(int index) const { return index < columns ? index : outside; }
  DEVICE Depth depth(int k, int end) const { return k < end ? k * columns : outside; }
  DEVICE float load(Line line, Depth depth) const {
    return line >= 0 && depth >= 0 ? __ldg(matrix + depth + line) : 0.0f;
  }
};
