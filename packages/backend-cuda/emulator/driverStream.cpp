// The emulated driver: streams, capture, graphs, events. Everything runs at once, where it is submitted.
#include <string.h>

#include <algorithm>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "driverApi.h"
#include "engine.h"

namespace driver {

struct KernelNode {
  const emulator::Kernel* kernel;
  uint3 grid, block;
  std::vector<char> arguments;
};
struct CopyNode {
  void* to;
  const void* from;
  size_t bytes;
};
struct FillNode {
  void* to;
  unsigned char value;
  size_t bytes;
};
// What the emulated NCCL does.
struct HostNode {
  std::function<int()> work;
};
// The place in its graph of the record of the event that a stream waits for.
struct WaitNode {
  size_t recordedAt;
};
struct RecordNode {};
using Work = std::variant<KernelNode, CopyNode, FillNode, HostNode, WaitNode, RecordNode>;
struct Node {
  Work work;
  void* stream;
};
using Graph = std::vector<Node>;

struct Stream {
  Graph* captured = nullptr;
  bool spoiled = false;
};
struct Event {
  int64_t queriesLeft = 0;
  // Where it was recorded last in the capture under way.
  Graph* captured = nullptr;
  size_t recordedAt = 0;
};

static Stream* capturing;
static int64_t graphLaunches;

bool isCapturing() { return capturing != nullptr; }
void spoilCapture() { capturing->spoiled = true; }

static int run(const KernelNode& node) {
  if (settings.failAfterKernels && !--settings.failAfterKernels) {
    breakContext(launchFailed);
    return launchFailed;
  }
  const uint64_t reports = emulator::reportCount();
  emulator::launch({node.kernel, node.grid, node.block, node.arguments.data()});
  checkMemoryEnds(node.kernel->name);
  if (emulator::reportCount() == reports) return success;
  breakContext(launchFailed);
  return launchFailed;
}
static int run(const CopyNode& node) {
  memmove(node.to, node.from, node.bytes);
  return success;
}
static int run(const FillNode& node) {
  memset(node.to, node.value, node.bytes);
  return success;
}
static int run(const HostNode& node) {
  const int result = node.work();
  if (result != success) breakContext(result);
  return result;
}
static int run(const WaitNode&) { return success; }
static int run(const RecordNode&) { return success; }
static int run(const Work& work) {
  return std::visit([](const auto& one) { return run(one); }, work);
}

// The streams that have come into the capture under way by waiting for an event of it.
static std::vector<Stream*> forked;

// A graph's nodes in an order that its events allow: work of a second stream as late, or as early, as can be. What forgets to wait for an
// event then finds other numbers.
static Graph inOrder(const Graph& graph, void* main) {
  struct Place {
    double key;
    size_t index;
  };
  std::vector<Place> places;
  for (size_t i = 0; i < graph.size(); i++) {
    double key = double(i);
    if (graph[i].stream != main && settings.forkedWorkEarly) {
      // Behind the latest record that its stream has waited for.
      key = 0;
      for (size_t before = 0; before < i; before++) {
        const WaitNode* wait = std::get_if<WaitNode>(&graph[before].work);
        if (wait && graph[before].stream == graph[i].stream) key = std::max(key, wait->recordedAt + 0.5);
      }
    } else if (graph[i].stream != main) {
      // Before the first wait of the main stream for a record that comes behind it on its own.
      for (size_t after = i; after < graph.size(); after++) {
        const WaitNode* wait = std::get_if<WaitNode>(&graph[after].work);
        if (wait && graph[after].stream == main && wait->recordedAt >= i &&
            graph[wait->recordedAt].stream == graph[i].stream) {
          key = after - 0.5;
          break;
        }
      }
    }
    places.push_back({key, i});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.key < b.key; });
  Graph ordered;
  for (const Place& place : places) ordered.push_back(graph[place.index]);
  return ordered;
}

static int submit(void* stream, Work work) {
  Stream* on = static_cast<Stream*>(stream);
  if (!on) return invalidHandle;
  if (on->captured) {
    on->captured->push_back({std::move(work), stream});
  } else {
    run(work);
  }
  // A failure on the device shows at the next call.
  return success;
}

int submitHost(void* stream, std::function<int()> work) {
  if (const int result = ready()) return result;
  return submit(stream, HostNode{std::move(work)});
}

}  // namespace driver

using namespace driver;

DRIVER_API cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, void* stream) {
  if (const int result = ready()) return result;
  if (!isDeviceMemory(to, bytes)) return invalidValue;
  return submit(stream, CopyNode{reinterpret_cast<void*>(to), from, bytes});
}

DRIVER_API cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, void* stream) {
  if (const int result = ready()) return result;
  if (!isDeviceMemory(from, bytes)) return invalidValue;
  return submit(stream, CopyNode{to, reinterpret_cast<const void*>(from), bytes});
}

DRIVER_API cuMemsetD8Async(DevicePointer to, unsigned char value, size_t bytes, void* stream) {
  if (const int result = ready()) return result;
  if (!isDeviceMemory(to, bytes)) return invalidValue;
  return submit(stream, FillNode{reinterpret_cast<void*>(to), value, bytes});
}

DRIVER_API cuLaunchKernel(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* stream, void** parameters,
                          void** extra) {
  if (const int result = ready()) return result;
  if (settings.launchResult) return int(settings.launchResult);
  const emulator::Kernel* kernel = static_cast<const emulator::Kernel*>(function);
  const uint64_t threads = uint64_t(blockX) * blockY * blockZ;
  if (!kernel) return invalidHandle;
  if (!gridX || !gridY || !gridZ || gridY > 65535 || gridZ > 65535 || !threads || threads > 1024 || sharedBytes) {
    return invalidValue;
  }
  // Arguments come packed: marker 1 with the address, marker 2 with the address of the size, marker 0.
  const char* packed = nullptr;
  size_t bytes = 0;
  if (parameters || !extra) return invalidValue;
  for (int i = 0; extra[i]; i += 2) {
    if (extra[i] == reinterpret_cast<void*>(1)) packed = static_cast<const char*>(extra[i + 1]);
    if (extra[i] == reinterpret_cast<void*>(2)) bytes = *static_cast<size_t*>(extra[i + 1]);
  }
  if (!packed || bytes != kernel->packedBytes) {
    emulator::report(std::string(kernel->name) + ": launched with " + std::to_string(bytes) +
                     " bytes of arguments, takes " + std::to_string(kernel->packedBytes));
    return invalidValue;
  }
  return submit(stream, KernelNode{kernel,
                                   {gridX, gridY, gridZ},
                                   {blockX, blockY, blockZ},
                                   std::vector<char>(packed, packed + bytes)});
}

DRIVER_API cuStreamCreate(void** stream, unsigned) {
  if (const int result = readyOutsideCapture()) return result;
  *stream = new Stream();
  return success;
}

DRIVER_API cuStreamDestroy_v2(void* stream) {
  delete static_cast<Stream*>(stream);
  return success;
}

DRIVER_API cuStreamSynchronize(void* stream) {
  if (const int result = ready()) return result;
  Stream* on = static_cast<Stream*>(stream);
  if (!on->captured) return success;
  on->spoiled = true;
  return captureUnsupported;
}

DRIVER_API cuStreamBeginCapture_v2(void* stream, int) {
  if (const int result = readyOutsideCapture()) return result;
  capturing = static_cast<Stream*>(stream);
  capturing->captured = new Graph();
  capturing->spoiled = false;
  forked.clear();
  return success;
}

DRIVER_API cuStreamEndCapture(void* stream, void** graph) {
  Stream* on = static_cast<Stream*>(stream);
  if (!on->captured || on != capturing) return invalidValue;
  Graph* const captured = on->captured;
  on->captured = nullptr;
  capturing = nullptr;
  bool joined = true;
  for (Stream* side : forked) {
    side->captured = nullptr;
    // The main stream has to wait for the last that the other one does.
    size_t last = 0, awaited = 0;
    for (size_t i = 0; i < captured->size(); i++) {
      const Node& node = (*captured)[i];
      const WaitNode* wait = std::get_if<WaitNode>(&node.work);
      if (node.stream == side && !wait) last = i;
      if (node.stream == on && wait && (*captured)[wait->recordedAt].stream == side) awaited = wait->recordedAt;
    }
    joined = joined && awaited >= last;
  }
  forked.clear();
  *graph = nullptr;
  if (!on->spoiled && joined) *graph = new Graph(inOrder(*captured, on));
  delete captured;
  return on->spoiled ? captureInvalidated : joined ? ready() : captureUnjoined;
}

DRIVER_API cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  if (const int result = ready()) return result;
  *executable = new Graph(*static_cast<Graph*>(graph));
  return success;
}

DRIVER_API cuGraphLaunch(void* executable, void*) {
  if (const int result = readyOutsideCapture()) return result;
  graphLaunches++;
  for (const Node& node : *static_cast<Graph*>(executable)) {
    if (run(node.work)) break;
  }
  // As for single launches.
  return success;
}

DRIVER_API cuGraphDestroy(void* graph) {
  delete static_cast<Graph*>(graph);
  return success;
}

DRIVER_API cuGraphExecDestroy(void* executable) { return cuGraphDestroy(executable); }

DRIVER_API cuEventCreate(void** event, unsigned) {
  if (const int result = ready()) return result;
  *event = new Event();
  return success;
}

DRIVER_API cuEventRecord(void* event, void* stream) {
  if (const int result = ready()) return result;
  Event* on = static_cast<Event*>(event);
  on->queriesLeft = settings.eventDelay;
  on->captured = static_cast<Stream*>(stream)->captured;
  if (on->captured) {
    on->recordedAt = on->captured->size();
    return submit(stream, RecordNode{});
  }
  return success;
}

DRIVER_API cuStreamWaitEvent(void* stream, void* event, unsigned) {
  if (const int result = ready()) return result;
  Stream* on = static_cast<Stream*>(stream);
  const Event* awaited = static_cast<Event*>(event);
  if (!on || !awaited) return invalidHandle;
  // Work that is not captured has run where it was submitted.
  if (!capturing || awaited->captured != capturing->captured) return success;
  if (!on->captured) {
    on->captured = capturing->captured;
    forked.push_back(on);
  }
  return submit(stream, WaitNode{awaited->recordedAt});
}

DRIVER_API cuEventQuery(void* event) {
  if (const int result = ready()) return result;
  return static_cast<Event*>(event)->queriesLeft-- > 0 ? notReady : success;
}

DRIVER_API cuEventDestroy_v2(void* event) {
  delete static_cast<Event*>(event);
  return success;
}

// A control that a real driver lacks: how many graphs have been launched so far.
DRIVER_API convoyEmulatorGraphLaunches() { return int(graphLaunches); }
