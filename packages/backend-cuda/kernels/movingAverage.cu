// state = momentum state + (1 - momentum) value; one element a thread, grid-stride.
//
// state [P] updated, value [P]
// Cost: 12 bytes and three operations an element; of a layer's channels there are so few that it is the cost of a launch.
// Idea: up to four averages a launch, such as the mean and the variance of a batch normalization. Not measured yet.
//
// Grid: (blocks along an average, averages).
#include "loops.h"

struct MovingAverage {
  float* __restrict__ state;
  const float* __restrict__ value;
  float momentum, oneMinusMomentum;
  int count;
};

constexpr int maxAverages = 4;
struct MovingAverages {
  MovingAverage averages[maxAverages];
};

KERNEL movingAverage(MovingAverages all) {
  const MovingAverage& average = all.averages[blockIdx.y];
  FOR_EACH(i, average.count) {
    average.state[i] = average.momentum * average.state[i] + average.oneMinusMomentum * average.value[i];
  }
}
EXPORT_KERNEL(movingAverage)
