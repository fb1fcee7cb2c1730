// What changes from step to step: rows of a table on the device, and the cursor that says which row is current.
#pragma once
#include "platform.h"

// One row, as packed on the host (core's stepTable).
struct StepRow {
  uint32_t iteration;
  uint32_t batchStart;
  float learningRate;
  float stepSize;
  uint32_t seedLow;
  uint32_t seedHigh;
  float gradientStep;
  float secondMomentScale;
};

// State of an executable that outlives a launch.
struct StepState {
  // Row of the table that the next step reads.
  uint32_t cursor;
  // 1 + the first row of a data set that was asked for and does not exist; 0 when all went well.
  uint32_t fault;
};

DEVICE StepRow currentStep(const StepRow* table, const StepState* state) { return table[state->cursor]; }

// How a step ends: its results go to their row of `reported`, and the cursor moves on.
struct StepEnd {
  StepState* state;
  // [count] addresses of the results, each of one float.
  const float* const* results;
  float* reported;
  // Blocks of the launch that have come to their end; 0 between launches.
  uint32_t* counter;
  int count;
  // Whether this launch is the last of the step.
  int ends;
};

DEVICE void writeResults(const StepEnd& end) {
  const uint32_t row = end.state->cursor;
  for (int i = threadIdx.x; i < end.count; i += blockDim.x) end.reported[row * end.count + i] = *end.results[i];
  __syncthreads();
  if (threadIdx.x == 0) end.state->cursor = row + 1;
}
