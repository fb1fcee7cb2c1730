// Colours of images, each sample's by factors of its own, within the bounds low and high of values.
//
//   scaleChannels:  y = f[n,c] x + f[n,C + c]; x [N,...,C], factors [N,2C]
//   adjustContrast: y = (x - m[n,c]) f[n] + m[n,c]; x [N,H,W,C], means [N,C], factors [N]
//   adjustHsv:      RGB to hue, saturation and value, hue + f[n,0] turns, saturation f[n,1], and back; x [N,H,W,3], factors [N,2]
//
// Cost: 8 bytes a number. About 20 operations a number to place it and scale it, about 70 a pixel with two divisions for hues: all
// bound by memory.
// Idea: one number a thread, grid-stride, its factors out of the cache; for hues a pixel a thread, written through shared memory.
// Predicted, H200: 2 us for 64 images of 32x32x3, a launch; 75 us for 256 of 224x224x3. Not measured on a card.
#include "divisor.h"
#include "loops.h"
#include "pixels.h"

DEVICE float clamped(float value, float low, float high) { return fminf(fmaxf(value, low), high); }

KERNEL scaleChannels(const float* __restrict__ x, const float* __restrict__ factors, float* __restrict__ y, float low,
                     float high, Divisor bySample, Divisor byC, int count) {
  const int C = byC.divisor;
  FOR_EACH(i, count) {
    const float* scale = factors + int(quotient(i, bySample)) * 2 * C + int(modulo(i, byC));
    y[i] = clamped(fmaf(scale[0], x[i], scale[C]), low, high);
  }
}
EXPORT_KERNEL(scaleChannels)

KERNEL adjustContrast(const float* __restrict__ x, const float* __restrict__ means, const float* __restrict__ factors,
                      float* __restrict__ y, float low, float high, Divisor bySample, Divisor byC, int count) {
  FOR_EACH(i, count) {
    const int n = quotient(i, bySample);
    const float mean = means[n * int(byC.divisor) + int(modulo(i, byC))];
    y[i] = clamped(fmaf(x[i] - mean, factors[n], mean), low, high);
  }
}
EXPORT_KERNEL(adjustContrast)

// The hue in sixths of a turn; `value` is the largest of r, g, b, `range` what it is above the smallest.
DEVICE float sextantOf(float r, float g, float b, float value, float range) {
  if (range == 0.0f) return 0.0f;
  const float difference = value == r ? g - b : value == g ? b - r : r - g;
  return difference / range + (value == r ? 0.0f : value == g ? 2.0f : 4.0f);
}

KERNEL adjustHsv(const float* __restrict__ x, const float* __restrict__ factors, float* __restrict__ y, float low,
                 float high, Divisor bySample, int pixels) {
  const float toUnit = 1.0f / (high - low);
  FOR_EACH_PIXELS(first, pixels) {
    const int pixel = first + threadIdx.x % 32;
    float values[3];
    if (pixel < pixels) {
      const float* from = x + pixel * 3;
      const float r = (from[0] - low) * toUnit, g = (from[1] - low) * toUnit, b = (from[2] - low) * toUnit;
      const float value = fmaxf(fmaxf(r, g), b), range = value - fminf(fminf(r, g), b);
      const float* factor = factors + int(quotient(pixel, bySample)) * 2;
      const float saturation = clamped((value == 0.0f ? 0.0f : range / value) * factor[1], 0.0f, 1.0f);
      const float hue = sextantOf(r, g, b, value, range) + 6.0f * factor[0];
      UNROLL
      for (int c = 0; c < 3; c++) {
        const float turned = float(5 - 2 * c) + hue;
        const float place = turned - 6.0f * floorf(turned * (1.0f / 6.0f));
        const float colour = value - value * saturation * clamped(fminf(place, 4.0f - place), 0.0f, 1.0f);
        values[c] = low + (high - low) * clamped(colour, 0.0f, 1.0f);
      }
    }
    storePixels(values, y, first, pixels);
  }
}
EXPORT_KERNEL(adjustHsv)
