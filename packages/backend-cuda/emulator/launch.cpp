// Hands the blocks of a launch to OS threads.
#include <numeric>
#include <thread>
#include <vector>

#include "engine.h"

namespace emulator {

Options options;

BlockQueue::BlockQueue(const Launch& launch)
    : launch(launch), total_(uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z) {
  // A stride that shares no factor with the number of blocks visits each of them once, in an order of its own.
  if (options.order >= 2) {
    step_ = total_ > 1 ? options.order % total_ : 1;
    while (step_ == 0 || std::gcd(step_, total_) != 1) step_++;
  }
}

bool BlockQueue::next(uint3& block) {
  const uint64_t taken = taken_.fetch_add(1, std::memory_order_relaxed);
  if (taken >= total_) return false;
  const uint64_t id = options.order == 1 ? total_ - 1 - taken : taken * step_ % total_;
  const uint3& grid = launch.grid;
  block = {unsigned(id % grid.x), unsigned(id / grid.x % grid.y), unsigned(id / grid.x / grid.y)};
  return true;
}

void launch(const Launch& launch) {
  BlockQueue queue(launch);
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < options.workers; i++) workers.emplace_back([&queue] { runBlocks(queue); });
  runBlocks(queue);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace emulator
