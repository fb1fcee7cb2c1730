// The emulated NCCL: a few of its functions, over memory that several processes share. As kernels do, sums run where they are
// submitted, or with the graph that was captured.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "driverApi.h"

namespace {

enum NcclResult : int { ncclSuccess = 0, ncclSystemError = 2, ncclInternalError = 3, ncclInvalidArgument = 4 };

struct UniqueId {
  char internal[128];
};

constexpr int maxRanks = 64;
constexpr size_t chunkFloats = 1 << 16;
// A rank that has died would be waited for for ever.
constexpr int waitSeconds = 20;

struct Shared {
  std::atomic<int> joined;
  std::atomic<int> arrived;
  std::atomic<int> generation;
  std::atomic<int> left;
};

struct Communicator {
  Shared* shared;
  float* slots;
  size_t bytes;
  int ranks, rank;
  bool broken = false;
};

bool waitFor(const std::atomic<int>& value, int old, bool until) {
  const time_t end = time(nullptr) + waitSeconds;
  while ((value.load(std::memory_order_acquire) == old) != until) {
    if (time(nullptr) > end) return false;
    usleep(20);
  }
  return true;
}

bool barrier(Communicator& group) {
  const int generation = group.shared->generation.load(std::memory_order_acquire);
  if (group.shared->arrived.fetch_add(1, std::memory_order_acq_rel) == group.ranks - 1) {
    group.shared->arrived.store(0, std::memory_order_relaxed);
    group.shared->generation.fetch_add(1, std::memory_order_release);
    return true;
  }
  return waitFor(group.shared->generation, generation, false);
}

struct Sum {
  Communicator* group;
  const float* from;
  float* to;
  size_t count;
};

// Rank by rank, so that all ranks get the same bits.
bool runSum(const Sum& sum) {
  Communicator& group = *sum.group;
  for (size_t start = 0; start < sum.count && !group.broken; start += chunkFloats) {
    const size_t count = std::min(chunkFloats, sum.count - start);
    memcpy(group.slots + group.rank * chunkFloats, sum.from + start, count * sizeof(float));
    group.broken = !barrier(group);
    for (size_t i = 0; i < count && !group.broken; i++) {
      float total = 0;
      for (int rank = 0; rank < group.ranks; rank++) total += group.slots[rank * chunkFloats + i];
      sum.to[start + i] = total;
    }
    group.broken = group.broken || !barrier(group);
  }
  return !group.broken;
}

}  // namespace

DRIVER_API ncclGetUniqueId(UniqueId* id) {
  memset(id, 0, sizeof(*id));
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(id->internal, sizeof(id->internal), "/convoy-nccl-%d-%lld", int(getpid()),
           static_cast<long long>(now.tv_sec * 1000000000LL + now.tv_nsec));
  return ncclSuccess;
}

DRIVER_API ncclCommInitRank(void** communicator, int ranks, UniqueId id, int rank) {
  if (ranks < 1 || ranks > maxRanks || rank < 0 || rank >= ranks) return ncclInvalidArgument;
  const int file = shm_open(id.internal, O_CREAT | O_RDWR, 0600);
  const size_t bytes = 4096 + ranks * chunkFloats * sizeof(float);
  // Fresh memory is zeros, whoever is first.
  if (file < 0 || ftruncate(file, off_t(bytes)) != 0) return ncclSystemError;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return ncclSystemError;
  Shared* shared = static_cast<Shared*>(memory);
  shared->joined.fetch_add(1);
  const time_t end = time(nullptr) + waitSeconds;
  while (shared->joined.load() < ranks) {
    if (time(nullptr) > end) return ncclSystemError;
    usleep(100);
  }
  shm_unlink(id.internal);
  *communicator = new Communicator{shared, reinterpret_cast<float*>(static_cast<char*>(memory) + 4096), bytes, ranks, rank};
  return ncclSuccess;
}

DRIVER_API ncclAllReduce(const void* from, void* to, size_t count, int type, int operation, void* communicator,
                         void* stream) {
  Communicator* group = static_cast<Communicator*>(communicator);
  if (type != 7 || operation != 0 || !group || !stream) return ncclInvalidArgument;
  const auto isDevice = [&](const void* at) {
    return driver::isDeviceMemory(reinterpret_cast<driver::DevicePointer>(at), count * sizeof(float));
  };
  if (!isDevice(from) || !isDevice(to)) return ncclInvalidArgument;
  const Sum sum{group, static_cast<const float*>(from), static_cast<float*>(to), count};
  const int result = driver::submitHost(stream, [sum] { return runSum(sum) ? driver::success : driver::launchFailed; });
  return result == driver::success ? ncclSuccess : ncclInternalError;
}

DRIVER_API ncclCommGetAsyncError(void* communicator, int* result) {
  *result = static_cast<Communicator*>(communicator)->broken ? ncclSystemError : ncclSuccess;
  return ncclSuccess;
}

DRIVER_API ncclCommDestroy(void* communicator) {
  Communicator* group = static_cast<Communicator*>(communicator);
  munmap(group->shared, group->bytes);
  delete group;
  return ncclSuccess;
}

DRIVER_API ncclCommAbort(void* communicator) { return ncclCommDestroy(communicator); }

extern "C" __attribute__((visibility("default"))) const char* ncclGetErrorString(int result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclSystemError:
      return "unhandled system error";
    case ncclInternalError:
      return "internal error";
    default:
      return "invalid argument";
  }
}
