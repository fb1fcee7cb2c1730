// Random words: Threefry-2x32, 20 rounds, as core's random/ has it.
#pragma once
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

// The key of a stream: the seed's key applied to (purpose, instance).
DEVICE Words streamKey(const StepRow& step, uint32_t purpose, uint32_t instance) {
  return threefry({step.seedLow, step.seedHigh}, {purpose, instance});
}
