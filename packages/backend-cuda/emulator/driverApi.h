// What the files of the emulated driver share. Results and numbers are those of cuda.h of the CUDA toolkit.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <functional>

#define DRIVER_API extern "C" __attribute__((visibility("default"))) int

namespace driver {

enum Result : int {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  notInitialized = 3,
  noDevice = 100,
  invalidDevice = 101,
  invalidImage = 200,
  invalidContext = 201,
  noBinaryForGpu = 209,
  unsupportedPtxVersion = 222,
  invalidHandle = 400,
  notFound = 500,
  notReady = 600,
  launchFailed = 719,
  captureUnsupported = 900,
  captureInvalidated = 901,
  captureUnjoined = 904,
};

using DevicePointer = uint64_t;

// What the device pretends to be; set by convoyEmulatorSet under these names.
struct Settings {
  int64_t devices = 1;
  int64_t driverVersion = 13000;
  int64_t computeCapability = 90;
  int64_t multiprocessors = 4;
  int64_t memoryBytes = int64_t(4) << 30;
  // How often an event is not ready before it is.
  int64_t eventDelay = 0;
  // The result that loading any image gives.
  int64_t imageResult = 0;
  // Kernels until one fails; 0 never.
  int64_t failAfterKernels = 0;
  // The result that submitting any kernel gives.
  int64_t launchResult = 0;
  int64_t initResult = 0;
  // When work runs that a graph has on a second stream: 0 as late as what waits for it lets it, 1 as early as what it waits for does.
  int64_t forkedWorkEarly = 0;
};
extern Settings settings;

// Success once the driver is initialised and a context is current, and no launch has failed.
int ready();
// The same, and fails inside a stream capture, which it spoils.
int readyOutsideCapture();

// Submits what is no kernel to a stream: it runs where a kernel would.
int submitHost(void* stream, std::function<int()> work);

// Marks the context as broken: every later call gives `result`, as on a device.
void breakContext(int result);

// Whether [address, address + bytes) lies in one allocation of device memory.
bool isDeviceMemory(DevicePointer address, size_t bytes);
// Looks for writes behind allocations and reports them as `who`'s.
void checkMemoryEnds(const char* who);

bool isCapturing();
void spoilCapture();

}  // namespace driver
