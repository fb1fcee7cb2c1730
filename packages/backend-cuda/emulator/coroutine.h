// A stack of its own with a hand-written switch (5 to 7 times faster than ucontext), told to the sanitizers.
#pragma once
#include <stddef.h>

namespace emulator {

class Coroutine {
 public:
  // The OS thread's own stack.
  Coroutine();
  // A new stack that starts in `entry`, which must never return.
  explicit Coroutine(void (*entry)());
  Coroutine(const Coroutine&) = delete;
  ~Coroutine();

  // Leaves the running coroutine `from` for this one; returns when something switches back to `from`.
  void resumeFrom(Coroutine& from);
  // To be called first thing in `entry`.
  static void arrived();

 private:
  void* stackPointer_ = nullptr;
  char* stack_ = nullptr;
  size_t stackSize_ = 0;
  bool ownsStack_ = false;
  void* sanitizer_ = nullptr;
};

// Orderings that barriers and launches give, for the thread sanitizer; nothing otherwise.
void sanitizerRelease(void* object);
void sanitizerAcquire(void* object);

}  // namespace emulator
