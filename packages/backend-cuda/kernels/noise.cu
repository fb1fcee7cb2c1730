// gaussianNoise:   y[i] = x[i] + stddev g(i)
// gaussianDropout: y[i] = x[i] (1 + stddev g(i))
//
// g(i) = sqrt(-2 ln u) cos(2 pi v), u = (word(2i) + 1) / 2^32, v = word(2i + 1) / 2^32, of the stream (seed, noise, instance) at
// this iteration; [...] -> [...]. The input begins with element `first` of a batch.
// Cost: 8 bytes, 80 integer operations and a logarithm, a root and a cosine an element. Not measured yet.
#include "loops.h"
#include "threefry.h"

DEVICE float normalNumber(const Words& key, uint32_t index, uint32_t iteration) {
  const Words words = threefry(key, {index, iteration});
  // Above 1/2 by what is left to 1: near it a float of the word has lost all that the logarithm consists of.
  const float logarithm = words.first < 0x80000000u ? logf((float(words.first) + 1.0f) * 0x1p-32f)
                                                    : log1pf(-float(~words.first) * 0x1p-32f);
  // The cosine's period: the word may as well be signed.
  return sqrtf(-2.0f * logarithm) * cospif(float(int(words.second)) * 0x1p-31f);
}

KERNEL gaussianNoise(const float* __restrict__ x, float* __restrict__ y, const StepRow* table, const StepState* state,
                     uint32_t purpose, uint32_t instance, uint32_t first, float deviation, int count) {
  const StepRow step = currentStep(table, state);
  const Words key = streamKey(step, purpose, instance);
  FOR_EACH(i, count) y[i] = x[i] + deviation * normalNumber(key, first + i, step.iteration);
}
EXPORT_KERNEL(gaussianNoise)

KERNEL gaussianDropout(const float* __restrict__ x, float* __restrict__ y, const StepRow* table, const StepState* state,
                       uint32_t purpose, uint32_t instance, uint32_t first, float deviation, int count) {
  const StepRow step = currentStep(table, state);
  const Words key = streamKey(step, purpose, instance);
  FOR_EACH(i, count) y[i] = x[i] * (1.0f + deviation * normalNumber(key, first + i, step.iteration));
}
EXPORT_KERNEL(gaussianDropout)
