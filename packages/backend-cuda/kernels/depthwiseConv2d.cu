// z[n,oh,ow,c*M+m] = sum over kh,kw of x[n, oh*SH + kh*DH - top, ow*SW + kw*DW - left, c] * k[kh,kw,c,m]
// y = f(gamma (z + bias - mean) / sqrt(variance + epsilon) + beta), each of f, bias and normalization where there is one
// dx[n,h,w,c] = sum over m and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,c*M+m] * k[kh,kw,c,m]
// dk[kh,kw,c,m] = sum over n,oh,ow of x[...] * dy[n,oh,ow,c*M+m]
//
// x, dx [N,H,W,C], k, dk [KH,KW,C,M], y, dy [N,OH,OW,C*M]
// Cost: each 2 KH KW operations an output, 18 for 3x3, against 8 bytes: bound by memory as long as x is read once.
// Idea: neighbouring lanes have neighbouring channels; a thread keeps its channel's weights in registers and computes strips of
// four outputs of a row, whose windows overlap: 3x3 with stride 1 takes 18 reads for four outputs, most out of the cache. The
// input's gradient is the same convolution with the kernel turned round where stride and M are 1, else each pixel gathers from
// the outputs that read it. For dk a thread sums all taps of its channel in registers over its strips; the lines of a block meet
// in shared memory, the blocks in a launch of their own (partialSums). Sizes other than 3x3 and 5x5, other strides than 1 and 2
// and dilation take general kernels, with weights out of the cache, and for dk a tap a block. Bias, normalization and activation
// are four numbers a thread and a few instructions an output, against 8 bytes and a launch each. Not yet measured on a card.
//
// Grid: (blocks along the strips, tiles of channels); of depthwiseFilterGradient: (..., taps * tiles).
// Kernels: depthwiseConv2d and depthwiseFilterGradient, and with <size>x<size> and the stride behind them.
#include "activation.h"
#include "channelSums.h"
#include "depthwiseShape.h"
#include "normalization.h"

// What follows the sum; without any of it every number stays as it is.
struct DepthwiseOutput {
  // Null without.
  const float* __restrict__ bias;
  Normalization normalization;
  OutputActivation activation;
};

// The same for one channel.
struct ChannelFinish {
  ChannelLine line;
  const OutputActivation& activation;

  DEVICE void operator()(float (&sums)[stripLength]) const {
    UNROLL
    for (int s = 0; s < stripLength; s++) sums[s] = activate(activation, line.at(sums[s]));
  }
};
DEVICE ChannelFinish finishOf(const DepthwiseOutput& to, int c) {
  // x + -0 is x, for x = -0 too.
  return {channelLine(to.normalization, to.bias ? to.bias[c] : -0.0f, c), to.activation};
}

DEVICE void storeStrip(float* __restrict__ y, const float (&sums)[stripLength], int line, int column, int width,
                       int channels, int c) {
  const int first = (line * width + column) * channels + c;
  UNROLL
  for (int s = 0; s < stripLength; s++) {
    if (column + s < width) y[first + s * channels] = sums[s];
  }
}

// `turned` reads the kernel from its end: for the gradient of the input.
#define DEPTHWISE(name, size, stride)                                                                                   \
  KERNEL __launch_bounds__(blockThreads) name(const float* __restrict__ x, const float* __restrict__ k,                 \
                                              float* __restrict__ y, DepthwiseShape shape, ChannelTile tile,            \
                                              int turned, DepthwiseOutput to) {                                         \
    depthwise<size, stride>(x, k, y, shape, tile, turned, to);                                                           \
  }                                                                                                                     \
  EXPORT_KERNEL(name)

template <int size, int stride>
DEVICE void depthwise(const float* __restrict__ x, const float* __restrict__ k, float* __restrict__ y,
                      const DepthwiseShape& shape, const ChannelTile& tile, int turned, const DepthwiseOutput& to) {
  const ChannelPlace at = placeIn(tile, blockIdx.y);
  if (!at.works) return;
  const int c = quotient(at.c, shape.byM);
  float weights[size * size];
  UNROLL
  for (int i = 0; i < size * size; i++) {
    weights[i] = k[(turned ? size * size - 1 - i : i) * shape.F + at.c];
  }
  const ChannelFinish finish = finishOf(to, at.c);
  FOR_EACH_STRIP(index, shape, tile, at) {
    const Strip strip = stripOf(shape, index);
    const int h = strip.row * stride - shape.top, w = strip.column * stride - shape.left;
    float sums[stripLength] = {0.0f, 0.0f, 0.0f, 0.0f};
    UNROLL
    for (int kh = 0; kh < size; kh++) {
      if (unsigned(h + kh) >= unsigned(shape.H)) continue;
      float pixels[(stripLength - 1) * stride + size];
      loadRow(pixels, x, shape, strip.n, h + kh, w, c);
      UNROLL
      for (int kw = 0; kw < size; kw++) {
        UNROLL
        for (int s = 0; s < stripLength; s++) {
          sums[s] = fmaf(pixels[s * stride + kw], weights[kh * size + kw], sums[s]);
        }
      }
    }
    finish(sums);
    storeStrip(y, sums, strip.n * shape.OH + strip.row, strip.column, shape.OW, shape.F, at.c);
  }
}

DEPTHWISE(depthwiseConv2d3x3Stride1, 3, 1)
DEPTHWISE(depthwiseConv2d3x3Stride2, 3, 2)
DEPTHWISE(depthwiseConv2d5x5Stride1, 5, 1)
DEPTHWISE(depthwiseConv2d5x5Stride2, 5, 2)

KERNEL __launch_bounds__(blockThreads, 4)
    depthwiseConv2d(const float* __restrict__ x, const float* __restrict__ k, float* __restrict__ y,
                    DepthwiseShape shape, ChannelTile tile, int turned, DepthwiseOutput to) {
  const ChannelPlace at = placeIn(tile, blockIdx.y);
  if (!at.works) return;
  const ChannelFinish finish = finishOf(to, at.c);
  const int c = quotient(at.c, shape.byM), taps = shape.KH * shape.KW;
  FOR_EACH_STRIP(index, shape, tile, at) {
    const Strip strip = stripOf(shape, index);
    float sums[stripLength] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int kh = 0; kh < shape.KH; kh++) {
      const int h = strip.row * shape.strideH - shape.top + kh * shape.dilationH;
      if (unsigned(h) >= unsigned(shape.H)) continue;
      const int line = (strip.n * shape.H + h) * shape.W;
      for (int kw = 0; kw < shape.KW; kw++) {
        const int tap = kh * shape.KW + kw;
        const float weight = __ldg(k + (turned ? taps - 1 - tap : tap) * shape.F + at.c);
        const int w = strip.column * shape.strideW - shape.left + kw * shape.dilationW;
        UNROLL
        for (int s = 0; s < stripLength; s++) {
          const int column = w + s * shape.strideW;
          if (unsigned(column) < unsigned(shape.W)) {
            sums[s] = fmaf(__ldg(x + (line + column) * shape.C + c), weight, sums[s]);
          }
        }
      }
    }
    finish(sums);
    storeStrip(y, sums, strip.n * shape.OH + strip.row, strip.column, shape.OW, shape.F, at.c);
  }
}
EXPORT_KERNEL(depthwiseConv2d)

// With any stride and M; strips of the input's pixels.
KERNEL __launch_bounds__(blockThreads, 4)
    depthwiseConv2dBackwardInput(const float* __restrict__ dy, const float* __restrict__ k, float* __restrict__ dx,
                                 DepthwiseShape shape, ChannelTile tile) {
  const ChannelPlace at = placeIn(tile, blockIdx.y);
  if (!at.works) return;
  const int f = at.c * shape.M;
  FOR_EACH_STRIP(index, shape, tile, at) {
    const Strip strip = stripOf(shape, index);
    float sums[stripLength] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int kh = 0; kh < shape.KH; kh++) {
      const int down = strip.row + shape.top - kh * shape.dilationH;
      if (down < 0) break;
      const int oh = quotient(down, shape.byStrideH);
      if (oh >= shape.OH || oh * shape.strideH != down) continue;
      const int line = (strip.n * shape.OH + oh) * shape.OW;
      for (int kw = 0; kw < shape.KW; kw++) {
        const float* weights = k + (kh * shape.KW + kw) * shape.F + f;
        UNROLL
        for (int s = 0; s < stripLength; s++) {
          const int across = strip.column + s + shape.left - kw * shape.dilationW;
          if (across < 0) continue;
          const int ow = quotient(across, shape.byStrideW);
          if (ow >= shape.OW || ow * shape.strideW != across) continue;
          const float* gradients = dy + (line + ow) * shape.F + f;
          for (int m = 0; m < shape.M; m++) sums[s] = fmaf(__ldg(gradients + m), __ldg(weights + m), sums[s]);
        }
      }
    }
    storeStrip(dx, sums, strip.n * shape.H + strip.row, strip.column, shape.W, shape.C, at.c);
  }
}
EXPORT_KERNEL(depthwiseConv2dBackwardInput)

// A strip of output gradients, 0 behind the row's end.
DEVICE void loadGradients(float (&gradients)[stripLength], const float* __restrict__ dy, const DepthwiseShape& shape,
                          const Strip& strip, int f) {
  const int first = ((strip.n * shape.OH + strip.row) * shape.OW + strip.column) * shape.F + f;
  UNROLL
  for (int s = 0; s < stripLength; s++) {
    gradients[s] = strip.column + s < shape.OW ? __ldg(dy + first + s * shape.F) : 0.0f;
  }
}

// to [blocks,KH,KW,F]
#define DEPTHWISE_FILTER(name, size, stride)                                                                            \
  KERNEL __launch_bounds__(blockThreads) name(const float* __restrict__ x, const float* __restrict__ dy,                \
                                              float* __restrict__ to, DepthwiseShape shape, ChannelTile tile) {         \
    depthwiseFilter<size, stride>(x, dy, to, shape, tile);                                                              \
  }                                                                                                                     \
  EXPORT_KERNEL(name)

template <int size, int stride>
DEVICE void depthwiseFilter(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ to,
                            const DepthwiseShape& shape, const ChannelTile& tile) {
  SHARED_ARRAY(float, shared, blockThreads);
  const ChannelPlace at = placeIn(tile, blockIdx.y);
  const int c = quotient(at.works ? at.c : 0, shape.byM);
  float sums[size * size];
  UNROLL
  for (int i = 0; i < size * size; i++) sums[i] = 0.0f;
  if (at.works) {
    FOR_EACH_STRIP(index, shape, tile, at) {
      const Strip strip = stripOf(shape, index);
      const int h = strip.row * stride - shape.top, w = strip.column * stride - shape.left;
      float gradients[stripLength];
      loadGradients(gradients, dy, shape, strip, at.c);
      UNROLL
      for (int kh = 0; kh < size; kh++) {
        if (unsigned(h + kh) >= unsigned(shape.H)) continue;
        float pixels[(stripLength - 1) * stride + size];
        loadRow(pixels, x, shape, strip.n, h + kh, w, c);
        UNROLL
        for (int kw = 0; kw < size; kw++) {
          UNROLL
          for (int s = 0; s < stripLength; s++) {
            sums[kh * size + kw] = fmaf(pixels[s * stride + kw], gradients[s], sums[kh * size + kw]);
          }
        }
      }
    }
  }
  UNROLL
  for (int i = 0; i < size * size; i++) {
    const float sum = sumLines(shared, sums[i], tile, at.line);
    if (at.works && at.line == 0) to[(blockIdx.x * size * size + i) * shape.F + at.c] = sum;
  }
}

DEPTHWISE_FILTER(depthwiseFilterGradient3x3Stride1, 3, 1)
DEPTHWISE_FILTER(depthwiseFilterGradient3x3Stride2, 3, 2)
DEPTHWISE_FILTER(depthwiseFilterGradient5x5Stride1, 5, 1)
DEPTHWISE_FILTER(depthwiseFilterGradient5x5Stride2, 5, 2)

KERNEL __launch_bounds__(blockThreads)
    depthwiseFilterGradient(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ to,
                            DepthwiseShape shape, ChannelTile tile) {
  SHARED_ARRAY(float, shared, blockThreads);
  const int taps = shape.KH * shape.KW, tap = blockIdx.y % taps;
  const int kh = tap / shape.KW, kw = tap - kh * shape.KW;
  const ChannelPlace at = placeIn(tile, blockIdx.y / taps);
  const int c = quotient(at.works ? at.c : 0, shape.byM);
  float sum = 0.0f;
  if (at.works) {
    FOR_EACH_STRIP(index, shape, tile, at) {
      const Strip strip = stripOf(shape, index);
      const int h = strip.row * shape.strideH - shape.top + kh * shape.dilationH;
      if (unsigned(h) >= unsigned(shape.H)) continue;
      const int w = strip.column * shape.strideW - shape.left + kw * shape.dilationW;
      const int line = (strip.n * shape.H + h) * shape.W;
      float gradients[stripLength];
      loadGradients(gradients, dy, shape, strip, at.c);
      UNROLL
      for (int s = 0; s < stripLength; s++) {
        const int column = w + s * shape.strideW;
        if (unsigned(column) < unsigned(shape.W)) {
          sum = fmaf(__ldg(x + (line + column) * shape.C + c), gradients[s], sum);
        }
      }
    }
  }
  sum = sumLines(shared, sum, tile, at.line);
  if (at.works && at.line == 0) to[(blockIdx.x * taps + tap) * shape.F + at.c] = sum;
}
EXPORT_KERNEL(depthwiseFilterGradient)
