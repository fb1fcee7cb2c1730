// y[i] = word(i) >= threshold ? x[i] * factor : 0, word(i) from the stream (seed, dropout, instance) at this iteration.
//
// [...] -> [...]
// Cost: 8 bytes and 41 integer operations an element. A thread does two elements: words come in pairs.
// Predicted, H200: 2 TB/s on tensors larger than the L2 cache; not measured.
#include "step.h"

struct Words {
  uint32_t first, second;
};

DEVICE uint32_t rotated(uint32_t value, int by) { return value << by | value >> (32 - by); }

// Threefry-2x32, 20 rounds: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
DEVICE Words threefry(const Words& key, const Words& counter) {
  const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t schedule[3] = {key.first, key.second, 0x1bd11bdau ^ key.first ^ key.second};
  uint32_t x0 = counter.first + schedule[0], x1 = counter.second + schedule[1];
  UNROLL
  for (int round = 0; round < 20; round++) {
    x0 += x1;
    x1 = rotated(x1, rotations[round % 8]) ^ x0;
    if (round % 4 == 3) {
      const int injection = (round + 1) / 4;
      x0 += schedule[injection % 3];
      x1 += schedule[(injection + 1) % 3] + injection;
    }
  }
  return {x0, x1};
}

KERNEL dropout(const float* __restrict__ x, float* __restrict__ y, const StepRow* table, const StepState* state,
               uint32_t purpose, uint32_t instance, uint32_t threshold, float factor, int count) {
  const StepRow step = currentStep(table, state);
  const Words key = threefry({step.seedLow, step.seedHigh}, {purpose, instance});
  const int pairs = (count + 1) / 2;
  for (int pair = blockIdx.x * blockDim.x + threadIdx.x; pair < pairs; pair += gridDim.x * blockDim.x) {
    const Words words = threefry(key, {uint32_t(pair), step.iteration});
    const int i = pair * 2;
    y[i] = words.first >= threshold ? x[i] * factor : 0.0f;
    if (i + 1 < count) y[i + 1] = words.second >= threshold ? x[i + 1] * factor : 0.0f;
  }
}
EXPORT_KERNEL(dropout)
