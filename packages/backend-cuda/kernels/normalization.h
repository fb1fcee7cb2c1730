// A normalization with given statistics where a sum ends, by channel: gamma (z - mean) / sqrt(variance + epsilon) + beta.
#pragma once
#include "platform.h"

struct Normalization {
  // [C]; mean is null without a normalization, gamma and beta each may be.
  const float* __restrict__ mean;
  const float* __restrict__ variance;
  const float* __restrict__ gamma;
  const float* __restrict__ beta;
  float epsilon;
};

// What it makes of the sums of one channel, a bias before it: without a normalization exactly sum + bias.
struct ChannelLine {
  float factor, shift;
  DEVICE float at(float sum) const { return fmaf(sum, factor, shift); }
};
DEVICE ChannelLine channelLine(const Normalization& n, float bias, int c) {
  if (!n.mean) return {1.0f, bias};
  const float factor = (n.gamma ? n.gamma[c] : 1.0f) / sqrtf(n.variance[c] + n.epsilon);
  return {factor, fmaf(bias - n.mean[c], factor, n.beta ? n.beta[c] : 0.0f)};
}
