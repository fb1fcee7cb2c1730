// How a pooling window moves over an input [N,H,W,C].
#pragma once
#include "place.h"

struct PoolingShape {
  int N, H, W, C;
  int windowH, windowW;
  int OH, OW;
  int strideH, strideW;
  int top, left;
  int dilationH, dilationW;
  Divisor byC, byW, byH, byOW, byOH, byWindowW;
};

// Along one axis: where an output's window starts, and which of its positions [first, end) lie inside the input.
struct Span {
  int start, first, end;
};
DEVICE Span spanOf(int output, int stride, int padding, int dilation, int window, int size) {
  const int start = output * stride - padding;
  const int first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  const int end = start < size ? (size - start + dilation - 1) / dilation : 0;
  return {start, min(first, window), max(min(end, window), min(first, window))};
}
DEVICE Span rowsOf(const PoolingShape& s, int oh) {
  return spanOf(oh, s.strideH, s.top, s.dilationH, s.windowH, s.H);
}
DEVICE Span columnsOf(const PoolingShape& s, int ow) {
  return spanOf(ow, s.strideW, s.left, s.dilationW, s.windowW, s.W);
}

// Along one axis: the outputs [first, end) whose windows may hold input position `at`.
struct Readers {
  int first, end;
};
DEVICE Readers readersOf(int at, int stride, int padding, int dilation, int window, int outputs) {
  const int padded = at + padding;
  const int reach = (window - 1) * dilation;
  const int first = padded > reach ? (padded - reach + stride - 1) / stride : 0;
  return {first, min(padded / stride + 1, outputs)};
}
