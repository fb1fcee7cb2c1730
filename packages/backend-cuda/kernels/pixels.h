// How work on images is dealt out a pixel a thread, so that what is computed for a pixel serves all its channels.
#pragma once
#include "platform.h"

// Pixels first ... first + 31 below the count, one a lane; all threads of a warp come to the same rounds.
#define FOR_EACH_PIXELS(first, count)                                                                     \
  for (int first = blockIdx.x * blockDim.x + threadIdx.x / 32 * 32; first < (count); first += gridDim.x * blockDim.x)

// Writes the pixels of a warp, each lane's `values` at pixel first + lane of y [count,channels]. They lie side by side and go
// through shared memory, so that a warp writes whole lines instead of every third number of three. The warp must be whole.
template <int channels> DEVICE void storePixels(const float (&values)[channels], float* y, int first, int count) {
  const int lane = threadIdx.x % 32;
  if (channels == 1) {
    if (first + lane < count) y[first + lane] = values[0];
    return;
  }
  SHARED_ARRAY(float, staged, blockThreads * channels);
  float* own = staged + threadIdx.x / 32 * 32 * channels;
  __syncwarp();  // earlier pixels may still be read
  UNROLL
  for (int c = 0; c < channels; c++) own[lane * channels + c] = values[c];
  __syncwarp();
  UNROLL
  for (int c = 0; c < channels; c++) {
    const int at = c * 32 + lane;
    if (first * channels + at < count * channels) y[first * channels + at] = own[at];
  }
}
