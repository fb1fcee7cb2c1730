// The elementwise functions that have kernels of their own, and their derivatives, as tabled in core's `unary` op. NaN stays
// NaN in all of them.
#pragma once
#include "platform.h"

DEVICE float sigmoidOf(float x) { return 1.0f / (1.0f + expf(-x)); }

// min(max(x + 3, 0), 6) / 6
DEVICE float hardSigmoidOf(float x) {
  const float shifted = x + 3.0f;
  return (shifted < 0.0f ? 0.0f : shifted > 6.0f ? 6.0f : shifted) / 6.0f;
}

// The normal distribution function: the share of standard normal numbers below x. erfc keeps the digits of small shares.
DEVICE float normalShareBelow(float x) { return 0.5f * erfcf(-0.707106781f * x); }

// gelu's approximation after Hendrycks and Gimpel, 2016: sqrt(2 / pi) and the factor of x^3.
constexpr float geluScale = 0.797884561f, geluCubic = 0.044715f;
DEVICE float geluTangent(float x) { return tanhf(geluScale * (x + geluCubic * x * x * x)); }

// Each has value(x, alpha) and slope(operand, alpha), the operand being y or x.

struct Softplus {
  static DEVICE float value(float x, float) { return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))); }
  static DEVICE float slope(float y, float) { return -expm1f(-y); }
};

struct Softsign {
  static DEVICE float value(float x, float) { return x / (1.0f + fabsf(x)); }
  static DEVICE float slope(float y, float) {
    const float rest = 1.0f - fabsf(y);
    return rest * rest;
  }
};

struct HardSigmoid {
  static DEVICE float value(float x, float) { return hardSigmoidOf(x); }
  static DEVICE float slope(float y, float) { return y > 0.0f && y < 1.0f ? 1.0f / 6.0f : 0.0f; }
};

struct HardSilu {
  static DEVICE float value(float x, float) { return x * hardSigmoidOf(x); }
  static DEVICE float slope(float x, float) {
    return x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : (2.0f * x + 3.0f) / 6.0f;
  }
};

struct Silu {
  static DEVICE float value(float x, float) { return x * sigmoidOf(x); }
  static DEVICE float slope(float x, float) { return sigmoidOf(x) * (1.0f + x * sigmoidOf(-x)); }
};

struct Gelu {
  static DEVICE float value(float x, float) { return x * normalShareBelow(x); }
  static DEVICE float slope(float x, float) { return normalShareBelow(x) + x * (0.398942280f * expf(-0.5f * x * x)); }
};

struct GeluTanh {
  static DEVICE float value(float x, float) { return 0.5f * x * (1.0f + geluTangent(x)); }
  static DEVICE float slope(float x, float) {
    const float t = geluTangent(x);
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * (geluScale * (1.0f + 3.0f * geluCubic * x * x));
  }
};

struct Abs {
  static DEVICE float value(float x, float) { return fabsf(x); }
  static DEVICE float slope(float x, float) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
};

struct Square {
  static DEVICE float value(float x, float) { return x * x; }
  static DEVICE float slope(float x, float) { return 2.0f * x; }
};

// delta is where the square turns into a line.
struct Huber {
  static DEVICE float value(float x, float delta) {
    const float size = fabsf(x);
    return size <= delta ? 0.5f * x * x : delta * (size - 0.5f * delta);
  }
  static DEVICE float slope(float x, float delta) { return x < -delta ? -delta : x > delta ? delta : x; }
};

// 0 at 0 and below.
struct Power {
  static DEVICE float value(float x, float exponent) { return x > 0.0f ? powf(x, exponent) : x != x ? x : 0.0f; }
  static DEVICE float slope(float x, float exponent) {
    return x > 0.0f ? exponent * powf(x, exponent - 1.0f) : x != x ? x : 0.0f;
  }
};
