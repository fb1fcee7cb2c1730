// state = momentum state + (1 - momentum) value; one element a thread, grid-stride.
//
// state [P] updated, value [P]
// Cost: 12 bytes and three operations an element; of a layer's channels there are so few that it is the cost of a launch. Not
// measured yet.
#include "loops.h"

KERNEL movingAverage(float* __restrict__ state, const float* __restrict__ value, float momentum, float oneMinusMomentum,
                     int count) {
  FOR_EACH(i, count) state[i] = momentum * state[i] + oneMinusMomentum * value[i];
}
EXPORT_KERNEL(movingAverage)
