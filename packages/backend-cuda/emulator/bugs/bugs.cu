// Kernels with planted bugs, each of which the emulator has to find; `correct` has none. All take in [256], out [256]
// and run as two blocks of 256 threads.
#include "../../kernels/platform.h"

#define BUG(name) KERNEL name([[maybe_unused]] const float* in, [[maybe_unused]] float* out)

BUG(correct) {
  SHARED_ARRAY(float, shared, 256);
  const int t = threadIdx.x;
  shared[t] = in[t];
  __syncthreads();
  float value = shared[255 - t];
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  if (blockIdx.x == 0) out[t] = value;
}
EXPORT_KERNEL(correct)

BUG(missingBarrier) {
  SHARED_ARRAY(float, shared, 256);
  const int t = threadIdx.x;
  shared[t] = in[t];
  if (blockIdx.x == 0) out[t] = shared[255 - t];
}
EXPORT_KERNEL(missingBarrier)

BUG(missingSecondBarrier) {
  SHARED_ARRAY(float, shared, 256);
  const int t = threadIdx.x;
  float sum = 0.0f;
  for (int round = 1; round <= 4; round++) {
    shared[t] = in[t] * round;
    __syncthreads();
    sum += shared[255 - t];
  }
  if (blockIdx.x == 0) out[t] = sum;
}
EXPORT_KERNEL(missingSecondBarrier)

BUG(divergentBarrier) {
  const int t = threadIdx.x;
  if (t < 128) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  if (blockIdx.x == 0) out[t] = in[t];
}
EXPORT_KERNEL(divergentBarrier)

BUG(barrierAfterReturn) {
  const int t = threadIdx.x;
  if (t >= 200) return;
  __syncthreads();
  if (blockIdx.x == 0) out[t] = in[t];
}
EXPORT_KERNEL(barrierAfterReturn)

BUG(unwrittenShared) {
  SHARED_ARRAY(float, shared, 256);
  const int t = threadIdx.x;
  if (t < 128) shared[t] = in[t];
  __syncthreads();
  if (blockIdx.x == 0) out[t] = shared[t];
}
EXPORT_KERNEL(unwrittenShared)

BUG(raceInWarp) {
  SHARED_ARRAY(float, shared, 256);
  const int t = threadIdx.x;
  shared[t] = in[t];
  shared[t] += shared[t ^ 1];
  if (blockIdx.x == 0) out[t] = shared[t];
}
EXPORT_KERNEL(raceInWarp)

BUG(raceBetweenBlocks) { out[threadIdx.x] = float(blockIdx.x); }
EXPORT_KERNEL(raceBetweenBlocks)

BUG(laneOutsideMask) {
  const int t = threadIdx.x;
  float value = in[t];
  if (t % 32 < 16) value += __shfl_xor_sync(0xffff0000u, value, 1);
  if (blockIdx.x == 0) out[t] = value;
}
EXPORT_KERNEL(laneOutsideMask)

BUG(missingLanes) {
  const int t = threadIdx.x;
  float value = in[t];
  if (t % 32 < 16) value += __shfl_xor_sync(0xffffffffu, value, 1);
  if (blockIdx.x == 0) out[t] = value;
}
EXPORT_KERNEL(missingLanes)

BUG(writeBehindEnd) { out[threadIdx.x + 1] = in[threadIdx.x]; }
EXPORT_KERNEL(writeBehindEnd)

// For the address sanitizer.
BUG(readBehindEnd) { out[threadIdx.x] = in[threadIdx.x] + in[threadIdx.x + 1]; }
EXPORT_KERNEL(readBehindEnd)

// For the address sanitizer.
BUG(writeBehindShared) {
  SHARED_ARRAY(float, shared, 256);
  volatile int position = threadIdx.x + 1;
  (&shared[0])[position] = in[threadIdx.x];
  __syncthreads();
  if (blockIdx.x == 0) out[threadIdx.x] = in[threadIdx.x];
}
EXPORT_KERNEL(writeBehindShared)
