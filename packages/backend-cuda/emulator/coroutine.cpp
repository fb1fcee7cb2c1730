// Compile this file without -fsanitize=thread and with -DEMULATOR_TSAN when the kernels are compiled with it.
#include "coroutine.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(EMULATOR_TSAN)
extern "C" {
void* __tsan_get_current_fiber(void);
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

// convoySwitch(save, load): pushes the callee-saved registers, stores the stack pointer to *save, loads `load`, pops.
extern "C" void convoySwitch(void** save, void* load);
#if defined(__x86_64__)
asm(R"(
.text
.globl convoySwitch
.type convoySwitch, @function
convoySwitch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
// Six registers, the return address, and room that keeps the stack aligned after the return.
static constexpr size_t frameBytes = 64;
static constexpr size_t returnAddressAt = 48;
#elif defined(__aarch64__)
asm(R"(
.text
.globl convoySwitch
.type convoySwitch, %function
convoySwitch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x2, sp
  str x2, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");
static constexpr size_t frameBytes = 160;
static constexpr size_t returnAddressAt = 88;
#else
#error "The emulator switches stacks on x86-64 and aarch64 only."
#endif

namespace emulator {

static constexpr size_t stackBytes = 128 * 1024;

Coroutine::Coroutine() {
#if defined(__SANITIZE_ADDRESS__)
  pthread_attr_t attributes;
  void* bottom;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &bottom, &stackSize_);
  pthread_attr_destroy(&attributes);
  stack_ = static_cast<char*>(bottom);
#endif
#if defined(EMULATOR_TSAN)
  sanitizer_ = __tsan_get_current_fiber();
#endif
}

Coroutine::Coroutine(void (*entry)()) : stackSize_(stackBytes), ownsStack_(true) {
  stack_ = static_cast<char*>(
      mmap(nullptr, stackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  // Stack tops at different offsets: otherwise all frames of a block meet in the same few cache sets.
  static thread_local unsigned made;
  char* top = stack_ + stackBytes - 256 - (made++ * 832u) % 3072u / 64 * 64;
  char* frame = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t(63)) - frameBytes;
  memset(frame, 0, frameBytes);
  memcpy(frame + returnAddressAt, &entry, sizeof entry);
  stackPointer_ = frame;
#if defined(EMULATOR_TSAN)
  sanitizer_ = __tsan_create_fiber(0);
#endif
}

Coroutine::~Coroutine() {
  if (!ownsStack_) return;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(stack_, stackSize_);
#endif
  munmap(stack_, stackSize_);
#if defined(EMULATOR_TSAN)
  __tsan_destroy_fiber(sanitizer_);
#endif
}

void Coroutine::resumeFrom(Coroutine& from) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.sanitizer_, stack_, stackSize_);
#endif
#if defined(EMULATOR_TSAN)
  __tsan_switch_to_fiber(sanitizer_, 1 /* threads of a block are ordered by barriers alone */);
#endif
  convoySwitch(&from.stackPointer_, stackPointer_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.sanitizer_, nullptr, nullptr);
#endif
}

void Coroutine::arrived() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

void sanitizerRelease([[maybe_unused]] void* object) {
#if defined(EMULATOR_TSAN)
  __tsan_release(object);
#endif
}

void sanitizerAcquire([[maybe_unused]] void* object) {
#if defined(EMULATOR_TSAN)
  __tsan_acquire(object);
#endif
}

}  // namespace emulator
