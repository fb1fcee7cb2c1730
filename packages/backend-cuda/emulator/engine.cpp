// Runs the threads of a block until all have returned: ready ones take turns, the others wait at a barrier or for the
// rest of their warp. Compile like coroutine.cpp: without -fsanitize=thread, which would take this file's accesses for
// the kernels'.
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>

#include <memory>
#include <utility>
#include <vector>

#include "threads.h"
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace emulator {

thread_local Thread* currentThread;
thread_local Block currentBlock;

namespace {

constexpr size_t sharedBytes = 256 * 1024;
#if defined(EMULATOR_TSAN)
constexpr bool sanitizesThreads = true;
#else
constexpr bool sanitizesThreads = false;
#endif
// Behind each array of shared memory, so that the address sanitizer sees its end.
constexpr size_t redZone = 64;

struct FreeMemory {
  void operator()(char* memory) const { free(memory); }
};

class Engine {
 public:
  Engine();
  void run(const BlockQueue& queue);
  void barrier(const char* file, int line);
  void warp(unsigned mask, void* record, unsigned bytes, WarpOperation operation, const char* file, int line);
  void* sharedArray(const void* site, size_t bytes);
  void threadMain();

 private:
  void start(const uint3& size);
  void release(std::vector<EngineThread*>& waiting);
  void checkBarrier();
  void checkStuck();
  void wait(EngineThread& thread, State state);
  void order(EngineThread** threads, size_t count);
  std::string place(const char* file, int line) const;
  std::string where() const;

  const Kernel* kernel_ = nullptr;
  const char* arguments_ = nullptr;
  EngineThread threads_[maxThreads];
  unsigned count_ = 0, done_ = 0;
  ReadyQueue ready_;
  std::vector<EngineThread*> atBarrier_;
  Warp warps_[maxThreads / 32];
  Coroutine main_;
  std::vector<std::unique_ptr<Coroutine>> coroutines_;
  std::vector<Coroutine*> idle_, finished_;
  std::unique_ptr<char, FreeMemory> shared_{static_cast<char*>(aligned_alloc(128, sharedBytes))};
  size_t sharedUsed_ = 0;
  std::vector<SharedArray> arrays_;
  uint32_t random_ = 1;
  char barrierOrdering_[2], blockOrdering_[2];
  unsigned barrierRound_ = 0, blockRound_ = 0;
};

thread_local std::unique_ptr<Engine> ownEngine;

Engine& engine() { return *ownEngine; }

void coroutineMain() {
  Coroutine::arrived();
  engine().threadMain();
}

std::string format(const char* text, size_t a, size_t b, size_t c) {
  char buffer[200];
  snprintf(buffer, sizeof buffer, text, unsigned(a), unsigned(b), unsigned(c));
  return buffer;
}

// The thread sanitizer intercepts memcpy and memset and would take these accesses for the kernel's.
void copyBytes(void* to, const void* from, size_t bytes) {
#if defined(EMULATOR_TSAN)
  for (size_t i = 0; i < bytes; i++) static_cast<volatile char*>(to)[i] = static_cast<const char*>(from)[i];
#else
  memcpy(to, from, bytes);
#endif
}

// 0xff bytes: NaN as float, -1 as int.
void poison(void* memory, size_t bytes) {
#if defined(EMULATOR_TSAN)
  for (size_t i = 0; i < bytes; i++) static_cast<volatile char*>(memory)[i] = char(0xff);
#else
  memset(memory, 0xff, bytes);
#endif
}

void Engine::order(EngineThread** threads, size_t count) {
  if (options.order == 1) {
    for (size_t i = 0; i < count / 2; i++) std::swap(threads[i], threads[count - 1 - i]);
  } else if (options.order >= 2) {
    for (size_t i = count; i > 1; i--) {
      random_ ^= random_ << 13;
      random_ ^= random_ >> 17;
      random_ ^= random_ << 5;
      std::swap(threads[i - 1], threads[random_ % i]);
    }
  }
}

Engine::Engine() {
  atBarrier_.reserve(maxThreads);
  idle_.reserve(maxThreads);
  finished_.reserve(maxThreads);
  for (Warp& warp : warps_) warp.waiting.reserve(32);
}

void Engine::start(const uint3& size) {
  count_ = size.x * size.y * size.z;
  done_ = 0;
  idle_.insert(idle_.end(), finished_.begin(), finished_.end());
  finished_.clear();
  ready_.clear();
  atBarrier_.clear();
  arrays_.clear();
  sharedUsed_ = 0;
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(shared_.get(), sharedBytes);
#endif
  for (unsigned i = 0; i < count_; i++) {
    EngineThread& thread = threads_[i];
    thread.threadIdx = {i % size.x, i / size.x % size.y, i / size.x / size.y};
    thread.linear = i;
    thread.state = State::ready;
    thread.coroutine = nullptr;
    atBarrier_.push_back(&thread);
  }
  // As if all came from a barrier: in the order asked for.
  release(atBarrier_);
  for (unsigned i = 0; i * 32 < count_; i++) {
    const unsigned left = count_ - i * 32;
    warps_[i].lanes = left >= 32 ? 0xffffffffu : (1u << left) - 1;
    warps_[i].arrived = 0;
    warps_[i].waiting.clear();
  }
}

void Engine::run(const BlockQueue& queue) {
  kernel_ = queue.launch.kernel;
  arguments_ = queue.launch.packedArguments;
  random_ = options.order * 2654435761u ^ (currentBlock.blockIdx.x + 1) * 40503u;
  random_ |= 1;
  start(queue.launch.block);
  sanitizerRelease(&blockOrdering_[blockRound_ & 1]);
  while (!ready_.empty()) {
    EngineThread& thread = *ready_.pop();
    if (!thread.coroutine) {
      if (idle_.empty()) {
        coroutines_.push_back(std::make_unique<Coroutine>(coroutineMain));
        idle_.push_back(coroutines_.back().get());
      }
      thread.coroutine = idle_.back();
      idle_.pop_back();
    }
    currentThread = &thread;
    thread.coroutine->resumeFrom(main_);
    if (thread.state == State::done) {
      // To the thread sanitizer all that runs on one coroutine is in order.
      (sanitizesThreads ? finished_ : idle_).push_back(thread.coroutine);
      done_++;
      checkBarrier();
    }
  }
  blockRound_++;
  sanitizerAcquire(&blockOrdering_[blockRound_ & 1]);
  checkStuck();
}

// Runs one thread after the other that is handed to this coroutine.
void Engine::threadMain() {
  for (;;) {
    EngineThread& thread = *static_cast<EngineThread*>(currentThread);
    const unsigned round = blockRound_;
    sanitizerAcquire(&blockOrdering_[round & 1]);
    kernel_->invoke(arguments_);
    sanitizerRelease(&blockOrdering_[(round + 1) & 1]);
    thread.state = State::done;
    main_.resumeFrom(*thread.coroutine);
  }
}

void Engine::wait(EngineThread& thread, State state) {
  thread.state = state;
  main_.resumeFrom(*thread.coroutine);
}

void Engine::release(std::vector<EngineThread*>& waiting) {
  order(waiting.data(), waiting.size());
  for (EngineThread* thread : waiting) {
    thread->state = State::ready;
    ready_.push(thread);
  }
  waiting.clear();
}

void Engine::barrier(const char* file, int line) {
  EngineThread& thread = *static_cast<EngineThread*>(currentThread);
  thread.file = file;
  thread.line = line;
  if (!atBarrier_.empty() && (atBarrier_[0]->line != line || atBarrier_[0]->file != file)) {
    report(place(file, line) + ": divergent barriers, another thread of the block waits at " +
           place(atBarrier_[0]->file, atBarrier_[0]->line) + where());
  }
  const unsigned round = barrierRound_;
  sanitizerRelease(&barrierOrdering_[round & 1]);
  atBarrier_.push_back(&thread);
  thread.state = State::atBarrier;
  checkBarrier();
  main_.resumeFrom(*thread.coroutine);
  sanitizerAcquire(&barrierOrdering_[round & 1]);
}

// Opens the barrier when all threads that still run have come.
void Engine::checkBarrier() {
  if (atBarrier_.empty() || atBarrier_.size() + done_ < count_) return;
  if (done_ > 0) {
    report(place(atBarrier_[0]->file, atBarrier_[0]->line) +
           format(": barrier reached by %u of %u threads, %u have returned", atBarrier_.size(), count_, done_) +
           where());
  }
  barrierRound_++;
  release(atBarrier_);
}

void Engine::warp(unsigned mask, void* record, unsigned bytes, WarpOperation operation, const char* file, int line) {
  EngineThread& thread = *static_cast<EngineThread*>(currentThread);
  Warp& warp = warps_[thread.linear / 32];
  const unsigned lane = thread.linear % 32;
  const unsigned needed = mask & warp.lanes;
  thread.file = file;
  thread.line = line;
  if (!(needed >> lane & 1)) report(place(file, line) + ": a lane that is not in its own mask" + where());
  if (warp.arrived && (warp.line != line || warp.file != file)) {
    report(place(file, line) + ": divergent warp operations, another lane is at " + place(warp.file, warp.line) +
           where());
  }
  warp.file = file;
  warp.line = line;
  copyBytes(warp.deposits + lane * bytes, record, bytes);
  warp.arrived |= 1u << lane;
  const unsigned round = warp.round;
  sanitizerRelease(&warp.ordering[round & 1]);
  if ((warp.arrived & needed) == needed) {
    warp.arrived = 0;
    warp.round++;
    operation(warp.deposits, warp.results, bytes);
    release(warp.waiting);
  } else {
    warp.waiting.push_back(&thread);
    wait(thread, State::inWarp);
  }
  sanitizerAcquire(&warp.ordering[round & 1]);
  // No lane can overwrite this: the next operation needs all lanes to have come.
  copyBytes(record, warp.results + lane * bytes, bytes);
}

void Engine::checkStuck() {
  if (done_ == count_) return;
  for (unsigned i = 0; i < count_; i++) {
    if (threads_[i].state != State::done) {
      report(place(threads_[i].file, threads_[i].line) +
             format(": deadlock, thread %u waits here for ever, %u of %u have returned", i, done_, count_) + where());
      break;
    }
  }
  // Their coroutines are in the middle of a kernel and cannot be used again.
  for (unsigned i = 0; i < count_; i++) threads_[i].coroutine = nullptr;
}

void* Engine::sharedArray(const void* site, size_t bytes) {
  for (const SharedArray& array : arrays_) {
    if (array.site == site) return shared_.get() + array.offset;
  }
  const size_t offset = (sharedUsed_ + 63) / 64 * 64;
  if (offset + bytes + redZone > sharedBytes) {
    report(std::string(kernel_->name) + ": more shared memory than a block has");
    abort();
  }
  arrays_.push_back({site, offset});
  sharedUsed_ = offset + bytes + redZone;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(shared_.get() + offset, bytes);
#endif
  poison(shared_.get() + offset, bytes);
  return shared_.get() + offset;
}

std::string Engine::place(const char* file, int line) const {
  const char* name = strrchr(file, '/');
  return std::string(kernel_->name) + " (" + (name ? name + 1 : file) + ":" + std::to_string(line) + ")";
}

std::string Engine::where() const {
  const uint3& block = currentBlock.blockIdx;
  return format("; block (%u,%u,%u)", block.x, block.y, block.z);
}

}  // namespace

void barrier(const char* file, int line) { engine().barrier(file, line); }

void* sharedArray(const void* site, size_t bytes) { return engine().sharedArray(site, bytes); }

void warpOperation(unsigned mask, void* record, unsigned bytes, WarpOperation operation, const char* file, int line) {
  engine().warp(mask, record, bytes, operation, file, line);
}

void runBlocks(BlockQueue& queue) {
  if (!ownEngine) ownEngine = std::make_unique<Engine>();
  currentBlock.blockDim = queue.launch.block;
  currentBlock.gridDim = queue.launch.grid;
  while (queue.next(currentBlock.blockIdx)) engine().run(queue);
}

}  // namespace emulator
