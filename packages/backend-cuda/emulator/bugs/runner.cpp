// runner NAME [WORKERS]: runs one kernel of bugs.cu in several orders and prints what the emulator noticed, as JSON.
// The exit status is 0 for a kernel without bugs.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vector>

#include "../driverApi.h"
#include "../engine.h"

using driver::DevicePointer;

extern "C" {
int cuInit(unsigned);
int cuCtxSetCurrent(void*);
int cuMemAlloc_v2(DevicePointer*, size_t);
int cuMemFree_v2(DevicePointer);
}

constexpr int count = 256;

static std::vector<float> run(const emulator::Kernel* kernel, uint32_t order) {
  emulator::options.order = order;
  DevicePointer arguments[2];
  for (DevicePointer& memory : arguments) cuMemAlloc_v2(&memory, count * sizeof(float));
  float* in = reinterpret_cast<float*>(arguments[0]);
  float* out = reinterpret_cast<float*>(arguments[1]);
  for (int i = 0; i < count; i++) {
    in[i] = float(i + 1);
    out[i] = 0.0f;
  }
  emulator::launch({kernel, {2, 1, 1}, {count, 1, 1}, reinterpret_cast<const char*>(arguments)});
  driver::checkMemoryEnds(kernel->name);
  std::vector<float> result(out, out + count);
  for (const DevicePointer memory : arguments) cuMemFree_v2(memory);
  return result;
}

int main(int, char** arguments) {
  const emulator::Kernel* kernel = arguments[1] ? emulator::findKernel(arguments[1]) : nullptr;
  if (!kernel) {
    fprintf(stderr, "no kernel of that name\n");
    return 64;
  }
  if (arguments[2]) emulator::options.workers = unsigned(atoi(arguments[2]));
  int context;
  cuInit(0);
  cuCtxSetCurrent(&context);
  const std::vector<float> forward = run(kernel, 0);
  bool sameInEveryOrder = true;
  for (const uint32_t order : {1u, 2u, 3u, 4u}) {
    const std::vector<float> other = run(kernel, order);
    sameInEveryOrder = sameInEveryOrder && !memcmp(forward.data(), other.data(), count * sizeof(float));
  }
  bool hasNaN = false;
  for (const float value : forward) hasNaN = hasNaN || isnan(value);
  const int reports = int(emulator::reportCount());
  const char* answers[] = {"false", "true"};
  printf("{\"sameInEveryOrder\":%s,\"hasNaN\":%s,\"reports\":%d,\"lastReport\":\"%s\"}\n", answers[sameInEveryOrder],
         answers[hasNaN], reports, emulator::lastReport().c_str());
  return sameInEveryOrder && !hasNaN && reports == 0 ? 0 : 1;
}
