// One source for nvcc and for g++ (emulator/): whatever differs between the two stands here and nowhere else.
//
// Rules for kernels: shared memory through SHARED_ARRAY; inline PTX only behind a function of this file; every kernel
// under EXPORT_KERNEL; sums in a fixed order, so no floating-point atomics. What a kernel takes stands in
// src/kernels/arguments/ as well, and a test compares the two.
#pragma once
#include <stdint.h>

#ifdef CONVOY_EMULATOR

#include "../emulator/cuda.h"

#define SHARED_ARRAY(T, name, count)    \
  static const char name##Site = 0;     \
  T(&name)[count] = *static_cast<T(*)[count]>(emulator::sharedArray(&name##Site, sizeof(T) * (count)))
// A function that is too long to stand wherever it is used.
#define DEVICE_CALLED inline __attribute__((noinline))
#define EXPORT_KERNEL(name) static emulator::Registration<&name> name##Registration(#name);
#define UNROLL
#define NO_UNROLL

// cvt.rna.tf32.f32: to nearest, ties away from zero, 10 bits of mantissa.
inline uint32_t toTf32(float value) {
  const uint32_t bits = __float_as_uint(value);
  const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  return (finite ? bits + 0x1000u : bits) & 0xffffe000u;
}

// d[16x8] += a[16x8] b[8x8] by one warp.
inline void mmaTf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], const char* file = __builtin_FILE(),
                    int line = __builtin_LINE()) {
  emulator::MmaRecord record;
  memcpy(record.a, a, sizeof a);
  memcpy(record.b, b, sizeof b);
  memcpy(record.d, d, sizeof d);
  emulator::warpOperation(0xffffffffu, &record, sizeof record, emulator::mmaTf32, file, line);
  memcpy(d, record.d, sizeof d);
}

// Adds 1 to a counter in device memory and returns what it was; orders this thread's accesses before those of whoever
// sees the new value.
inline uint32_t arrive(uint32_t* counter) { return __atomic_fetch_add(counter, 1u, __ATOMIC_ACQ_REL); }

// Adds 1 to a count in device memory, for whoever reads it behind the launch.
inline void addOne(int* count) { __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); }

#else

#define SHARED_ARRAY(T, name, count) __shared__ __align__(16) T name[count]
#define DEVICE_CALLED extern "C" __device__ __noinline__
#define EXPORT_KERNEL(name)
#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1")

__device__ __forceinline__ uint32_t toTf32(float value) {
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
}

__device__ __forceinline__ void mmaTf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ uint32_t arrive(uint32_t* counter) {
  __threadfence();
  const uint32_t before = atomicAdd(counter, 1u);
  __threadfence();
  return before;
}

__device__ __forceinline__ void addOne(int* count) { atomicAdd(count, 1); }

#endif

#define KERNEL extern "C" __global__ void
#define DEVICE __device__ __forceinline__

// Threads of every block.
constexpr int blockThreads = 256;
