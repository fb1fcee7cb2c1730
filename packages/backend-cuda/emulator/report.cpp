// Defects found in kernels.
#include <stdio.h>

#include <mutex>

#include "engine.h"

namespace emulator {

static std::mutex mutex;
static std::atomic<uint64_t> count{0};
static std::string last;

void report(const std::string& message) {
  std::lock_guard<std::mutex> guard(mutex);
  if (count++ < 20) fprintf(stderr, "[cuda emulator] %s\n", message.c_str());
  last = message;
}

uint64_t reportCount() { return count; }

std::string lastReport() {
  std::lock_guard<std::mutex> guard(mutex);
  return last;
}

static Kernel* kernels;

void registerKernel(Kernel* kernel) {
  kernel->next = kernels;
  kernels = kernel;
}

const Kernel* findKernel(const char* name) {
  for (const Kernel* kernel = kernels; kernel; kernel = kernel->next) {
    if (!strcmp(kernel->name, name)) return kernel;
  }
  return nullptr;
}

}  // namespace emulator
