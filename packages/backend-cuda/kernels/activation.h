// Elementwise functions and their derivatives in terms of the output, as tabled in core's `unary` op.
#pragma once
#include "platform.h"

enum ActivationCode : int { relu = 0, relu6, leakyRelu, elu, sigmoid, hyperbolicTangent, logarithm, logit };

struct Activation {
  int code;
  float alpha;
  // Clipping bounds of logarithm and logit: alpha and 1 - alpha, rounded to float.
  float low, high;
};

DEVICE float clipped(const Activation& f, float p) { return p < f.low ? f.low : p > f.high ? f.high : p; }

DEVICE float activate(const Activation& f, float x) {
  switch (f.code) {
    case relu:
      return x <= 0.0f ? 0.0f : x;  // NaN stays NaN
    case relu6:
      return x <= 0.0f ? 0.0f : x >= 6.0f ? 6.0f : x;
    case leakyRelu:
      return x > 0.0f ? x : f.alpha * x;
    case elu:
      return x > 0.0f ? x : f.alpha * expm1f(x);
    case sigmoid:
      return 1.0f / (1.0f + expf(-x));
    case hyperbolicTangent:
      return tanhf(x);
    case logarithm:
      return logf(clipped(f, x));
    default: {
      const float p = clipped(f, x);
      return logf(p / (1.0f - p));
    }
  }
}

// Where an output lies strictly between those of the clipping bounds: elsewhere the gradient is 0.
DEVICE bool isUnclipped(const Activation& f, float y) { return y > activate(f, f.low) && y < activate(f, f.high); }

// dy times the derivative.
DEVICE float activationGradient(const Activation& f, float dy, float y) {
  switch (f.code) {
    case relu:
      return y > 0.0f ? dy : 0.0f;
    case relu6:
      return y > 0.0f && y < 6.0f ? dy : 0.0f;
    case leakyRelu:
      return y > 0.0f ? dy : f.alpha * dy;
    case elu:
      return y > 0.0f ? dy : (y + f.alpha) * dy;
    case sigmoid:
      return dy * y * (1.0f - y);
    case hyperbolicTangent:
      return dy * (1.0f - y * y);
    case logarithm:
      return isUnclipped(f, y) ? dy * expf(-y) : 0.0f;
    default:
      return isUnclipped(f, y) ? dy * (2.0f + expf(y) + expf(-y)) : 0.0f;
  }
}

// Inside products a function is data, not a branch for each element: the code of `activate` thirty times over would be
// most of the image.

// Behind a product: two straight lines and a cap, or a curve.
struct OutputActivation {
  // Slope below 0, and cap: none (1, infinity), relu (0, infinity), relu6 (0, 6), leakyRelu.
  float below, cap;
  // ActivationCode of elu, sigmoid or hyperbolicTangent; -1 for the lines.
  int curve;
  float alpha;
};
DEVICE_CALLED float activateCurve(int code, float alpha, float x) { return activate(Activation{code, alpha, 0, 0}, x); }
DEVICE float activate(const OutputActivation& f, float x) {
  if (f.curve >= 0) return activateCurve(f.curve, f.alpha, x);
  if (x <= 0.0f) return f.below == 0.0f ? 0.0f : f.below * x;
  return x > f.cap ? f.cap : x;
}

// Derivatives that are quadratic in the output on either side of 0, and 0 from the cap on: all but logarithm and logit.
struct Quadratics {
  float above[3], below[3];
  float cap;
};
DEVICE float activationGradient(const Quadratics& f, float dy, float y) {
  const bool positive = y > 0.0f;
  const float c0 = positive ? f.above[0] : f.below[0];
  const float c1 = positive ? f.above[1] : f.below[1];
  const float c2 = positive ? f.above[2] : f.below[2];
  const float slope = fmaf(fmaf(c2, y, c1), y, c0);
  return y >= f.cap || slope == 0.0f ? 0.0f : dy * slope;
}
