// Runs kernels: a block's threads are coroutines on one OS thread, in an order of the caller's choice.
#pragma once
#include <stdint.h>

#include <atomic>
#include <string>

#include "cuda.h"
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim

namespace emulator {

struct Options {
  // 0 forward, 1 backward, otherwise the seed of a random order of threads and blocks.
  uint32_t order = 2;
  // OS threads that share a launch's blocks.
  uint32_t workers = 1;
};
extern Options options;

struct Launch {
  const Kernel* kernel;
  uint3 grid, block;
  const char* packedArguments;
};

// Returns when all blocks are done. What goes wrong on the way is reported.
void launch(const Launch& launch);

// Blocks of one launch, handed out one by one.
class BlockQueue {
 public:
  explicit BlockQueue(const Launch& launch);
  // False when there are none left.
  bool next(uint3& block);
  const Launch& launch;

 private:
  const uint64_t total_;
  uint64_t step_ = 1;
  std::atomic<uint64_t> taken_{0};
};

// Runs blocks until the queue is empty, on the calling OS thread.
void runBlocks(BlockQueue& queue);

// Defects found so far: printed to stderr (the first 20) and counted.
void report(const std::string& message);
uint64_t reportCount();
std::string lastReport();

}  // namespace emulator
