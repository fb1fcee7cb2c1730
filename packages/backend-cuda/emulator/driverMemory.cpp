// The emulated driver: device memory (host memory with marked ends) and copies outside streams.
#include <stdlib.h>
#include <string.h>

#include <map>
#include <string>

#include "driverApi.h"
#include "engine.h"
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace driver {

static std::map<DevicePointer, size_t> allocations;
static size_t usedBytes;
// Behind every allocation: what a kernel writes there is noticed after its launch.
static constexpr size_t endBytes = 64;
static constexpr unsigned char endMark = 0xa5;

static std::map<DevicePointer, size_t>::const_iterator allocationOf(DevicePointer address) {
  const auto after = allocations.upper_bound(address);
  return after == allocations.begin() ? allocations.end() : std::prev(after);
}

bool isDeviceMemory(DevicePointer address, size_t bytes) {
  const auto found = allocationOf(address);
  return found != allocations.end() && address + bytes <= found->first + found->second;
}

void checkMemoryEnds([[maybe_unused]] const char* who) {
#if !defined(__SANITIZE_ADDRESS__)
  for (const auto& [address, bytes] : allocations) {
    unsigned char* end = reinterpret_cast<unsigned char*>(address + bytes);
    for (size_t i = 0; i < endBytes; i++) {
      if (end[i] == endMark) continue;
      emulator::report(std::string(who) + ": wrote behind an allocation of " + std::to_string(bytes) + " bytes");
      memset(end, endMark, endBytes);
      break;
    }
  }
#endif
}

}  // namespace driver

using namespace driver;

DRIVER_API cuMemAlloc_v2(DevicePointer* address, size_t bytes) {
  if (const int result = readyOutsideCapture()) return result;
  if (bytes == 0) return invalidValue;
  if (usedBytes + bytes > size_t(settings.memoryBytes)) return outOfMemory;
  const size_t room = (bytes + endBytes + 255) / 256 * 256;
  unsigned char* memory = static_cast<unsigned char*>(aligned_alloc(256, room));
  if (!memory) return outOfMemory;
  // NaN, so that what is read before it is written shows.
  memset(memory, 0xff, bytes);
  memset(memory + bytes, endMark, endBytes);
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(memory + (bytes + 7) / 8 * 8, room - (bytes + 7) / 8 * 8);
#endif
  *address = reinterpret_cast<DevicePointer>(memory);
  allocations[*address] = bytes;
  usedBytes += bytes;
  return success;
}

DRIVER_API cuMemFree_v2(DevicePointer address) {
  if (const int result = readyOutsideCapture()) return result;
  const auto found = allocations.find(address);
  if (found == allocations.end()) return invalidValue;
  usedBytes -= found->second;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(reinterpret_cast<void*>(address), (found->second + endBytes + 255) / 256 * 256);
#endif
  allocations.erase(found);
  free(reinterpret_cast<void*>(address));
  return success;
}

DRIVER_API cuMemGetInfo_v2(size_t* free, size_t* total) {
  if (const int result = ready()) return result;
  *total = size_t(settings.memoryBytes);
  *free = *total - usedBytes;
  return success;
}

DRIVER_API cuMemAllocHost_v2(void** memory, size_t bytes) {
  if (const int result = readyOutsideCapture()) return result;
  *memory = malloc(bytes);
  return success;
}

DRIVER_API cuMemFreeHost(void* memory) {
  free(memory);
  return success;
}
