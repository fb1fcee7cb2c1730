// The emulated driver: initialisation, device, context, modules, error names, and controls that a real driver lacks.
#include <stdio.h>
#include <string.h>

#include <map>

#include "driverApi.h"
#include "engine.h"

namespace driver {

Settings settings;
static bool initialized;
static bool hasContext;
static int broken;

int ready() {
  if (!initialized) return notInitialized;
  if (broken) return broken;
  return hasContext ? success : invalidContext;
}

int readyOutsideCapture() {
  if (const int result = ready()) return result;
  if (!isCapturing()) return success;
  spoilCapture();
  return captureUnsupported;
}

void breakContext(int result) { broken = result; }

}  // namespace driver

using namespace driver;

DRIVER_API cuInit(unsigned flags) {
  if (flags) return invalidValue;
  if (settings.initResult) return int(settings.initResult);
  if (settings.devices == 0) return noDevice;
  initialized = true;
  return success;
}

DRIVER_API cuDriverGetVersion(int* version) {
  *version = int(settings.driverVersion);
  return success;
}

DRIVER_API cuDeviceGetCount(int* count) {
  if (!initialized) return notInitialized;
  *count = int(settings.devices);
  return success;
}

DRIVER_API cuDeviceGet(int* device, int ordinal) {
  if (!initialized) return notInitialized;
  if (ordinal < 0 || ordinal >= settings.devices) return invalidDevice;
  *device = ordinal;
  return success;
}

DRIVER_API cuDeviceGetName(char* name, int length, int) {
  snprintf(name, size_t(length), "CUDA emulator");
  return success;
}

DRIVER_API cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = size_t(settings.memoryBytes);
  return success;
}

DRIVER_API cuDeviceGetAttribute(int* value, int attribute, int) {
  switch (attribute) {
    case 16:
      *value = int(settings.multiprocessors);
      return success;
    case 75:
      *value = int(settings.computeCapability / 10);
      return success;
    case 76:
      *value = int(settings.computeCapability % 10);
      return success;
    default:
      return invalidValue;
  }
}

DRIVER_API cuDevicePrimaryCtxRetain(void** context, int) {
  if (!initialized) return notInitialized;
  static int primary;
  *context = &primary;
  return success;
}

DRIVER_API cuDevicePrimaryCtxRelease_v2(int) {
  // The last release destroys the context, and what was wrong with it.
  broken = 0;
  return success;
}

DRIVER_API cuCtxSetCurrent(void* context) {
  hasContext = context != nullptr;
  return success;
}

DRIVER_API cuModuleLoadData(void** module, const void* image) {
  if (const int result = readyOutsideCapture()) return result;
  if (settings.imageResult) return int(settings.imageResult);
  const bool elf = !memcmp(image, "\177ELF", 4);
  const bool ptx = strstr(static_cast<const char*>(image), ".version") != nullptr;
  if (!elf && !ptx) return invalidImage;
  static int loaded;
  *module = &loaded;
  return success;
}

DRIVER_API cuModuleUnload(void*) { return success; }

DRIVER_API cuModuleGetFunction(void** function, void*, const char* name) {
  const emulator::Kernel* kernel = emulator::findKernel(name);
  if (!kernel) return notFound;
  *function = const_cast<emulator::Kernel*>(kernel);
  return success;
}

DRIVER_API cuGetErrorName(int result, const char** name) {
  static const std::map<int, const char*> names = {
      {success, "CUDA_SUCCESS"},
      {invalidValue, "CUDA_ERROR_INVALID_VALUE"},
      {outOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
      {notInitialized, "CUDA_ERROR_NOT_INITIALIZED"},
      {noDevice, "CUDA_ERROR_NO_DEVICE"},
      {invalidDevice, "CUDA_ERROR_INVALID_DEVICE"},
      {invalidImage, "CUDA_ERROR_INVALID_IMAGE"},
      {invalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
      {noBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {unsupportedPtxVersion, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
      {invalidHandle, "CUDA_ERROR_INVALID_HANDLE"},
      {notFound, "CUDA_ERROR_NOT_FOUND"},
      {notReady, "CUDA_ERROR_NOT_READY"},
      {launchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
      {captureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
      {captureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
  };
  const auto found = names.find(result);
  *name = found == names.end() ? nullptr : found->second;
  return found == names.end() ? invalidValue : success;
}

// Controls. Names: those of driver::Settings, and "order" and "workers" of emulator::Options.
DRIVER_API convoyEmulatorSet(const char* name, int64_t value) {
  const std::map<std::string, int64_t*> known = {
      {"devices", &settings.devices},
      {"driverVersion", &settings.driverVersion},
      {"computeCapability", &settings.computeCapability},
      {"multiprocessors", &settings.multiprocessors},
      {"memoryBytes", &settings.memoryBytes},
      {"eventDelay", &settings.eventDelay},
      {"imageResult", &settings.imageResult},
      {"failAfterKernels", &settings.failAfterKernels},
      {"launchResult", &settings.launchResult},
      {"initResult", &settings.initResult},
      {"forkedWorkEarly", &settings.forkedWorkEarly},
  };
  const auto found = known.find(name);
  if (found != known.end()) {
    *found->second = value;
  } else if (!strcmp(name, "order")) {
    emulator::options.order = uint32_t(value);
  } else if (!strcmp(name, "workers")) {
    emulator::options.workers = uint32_t(value);
  } else {
    return invalidValue;
  }
  return success;
}

DRIVER_API convoyEmulatorReports() { return int(emulator::reportCount()); }
