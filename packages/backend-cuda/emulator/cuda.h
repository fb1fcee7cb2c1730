// What a kernel sees of CUDA when g++ compiles it: types, built-in variables, barriers, warp operations, atomics.
// Included by kernels/platform.h; everything behind it is in engine.h.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "registry.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

struct uint3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace emulator {

// Built-in variables of the running thread and its block.
struct Thread {
  uint3 threadIdx;
  unsigned linear;
};
struct Block {
  uint3 blockIdx, blockDim, gridDim;
};
extern thread_local Thread* currentThread __attribute__((tls_model("initial-exec")));
extern thread_local Block currentBlock __attribute__((tls_model("initial-exec")));

void barrier(const char* file, int line);
// One array of shared memory a block and declaration; `site` tells declarations apart. Filled with NaN at block start.
void* sharedArray(const void* site, size_t bytes);

// A warp operation sees the deposits of all lanes and leaves a result for each; both are arrays of 32 records of
// `bytes`.
using WarpOperation = void (*)(const char* deposits, char* results, unsigned bytes);
constexpr unsigned maxWarpRecord = 64;
void warpOperation(unsigned mask, void* record, unsigned bytes, WarpOperation operation, const char* file, int line);

template <class T> struct ShuffleRecord {
  T value;
  int source;
};
// Part of the emulator, though compiled with the kernels.
template <class T>
__attribute__((no_sanitize("thread"))) void shuffleLanes(const char* deposits, char* results, unsigned bytes) {
  for (unsigned lane = 0; lane < 32; lane++) {
    ShuffleRecord<T> own, other;
    memcpy(&own, deposits + lane * bytes, sizeof own);
    memcpy(&other, deposits + (own.source & 31) * bytes, sizeof other);
    memcpy(results + lane * bytes, &other, sizeof other);
  }
}
template <class T> T shuffle(unsigned mask, T value, int source, const char* file, int line) {
  ShuffleRecord<T> record{value, source};
  warpOperation(mask, &record, sizeof record, shuffleLanes<T>, file, line);
  return record.value;
}

// Fragments of one lane for mma.sync m16n8k8, tf32.
struct MmaRecord {
  uint32_t a[4], b[2];
  float d[4];
};
void mmaTf32(const char* deposits, char* results, unsigned bytes);

}  // namespace emulator

#define threadIdx (emulator::currentThread->threadIdx)
#define blockIdx (emulator::currentBlock.blockIdx)
#define blockDim (emulator::currentBlock.blockDim)
#define gridDim (emulator::currentBlock.gridDim)

#define __syncthreads() emulator::barrier(__FILE__, __LINE__)

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int flip, int = 32, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  return emulator::shuffle(mask, value, int(emulator::currentThread->linear & 31) ^ flip, file, line);
}

namespace emulator {
inline void keepLanes(const char* deposits, char* results, unsigned bytes) { memcpy(results, deposits, 32 * bytes); }
}  // namespace emulator
inline void __syncwarp(unsigned mask = 0xffffffffu, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  int nothing = 0;
  emulator::warpOperation(mask, &nothing, sizeof nothing, emulator::keepLanes, file, line);
}

template <class T> T __ldg(const T* address) { return *address; }
inline uint32_t __umulhi(uint32_t a, uint32_t b) { return uint32_t(uint64_t(a) * b >> 32); }
inline float __uint_as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
inline uint32_t __float_as_uint(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}
inline float cospif(float x) { return float(cos(3.14159265358979323846 * double(x))); }
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
