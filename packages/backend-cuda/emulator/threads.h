// Threads and warps of the block that an engine runs.
#pragma once
#include <vector>

#include "coroutine.h"
#include "engine.h"

namespace emulator {

constexpr unsigned maxThreads = 1024;

enum class State { ready, atBarrier, inWarp, done };

struct EngineThread : Thread {
  State state;
  Coroutine* coroutine;
  const char* file;
  int line;
};

struct Warp {
  alignas(16) char deposits[32 * maxWarpRecord];
  alignas(16) char results[32 * maxWarpRecord];
  unsigned lanes;
  unsigned arrived;
  const char* file;
  int line;
  std::vector<EngineThread*> waiting;
  char ordering[2];
  unsigned round;
};

struct SharedArray {
  const void* site;
  size_t offset;
};

// Threads whose turn comes, first in first out: each is in it once at most. Nothing is allocated, since the thread
// sanitizer would see the copies.
class ReadyQueue {
 public:
  void clear() { first_ = count_ = 0; }
  bool empty() const { return count_ == 0; }
  void push(EngineThread* thread) { threads_[(first_ + count_++) % maxThreads] = thread; }
  EngineThread* pop() {
    EngineThread* thread = threads_[first_];
    first_ = (first_ + 1) % maxThreads;
    count_--;
    return thread;
  }

 private:
  EngineThread* threads_[maxThreads];
  unsigned first_ = 0, count_ = 0;
};

}  // namespace emulator
