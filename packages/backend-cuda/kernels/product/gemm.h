// c[m,n] = sum over k of a[m,k] b[k,n], one tile of c a block; a and b are computed element by element by their
// loaders, so that a convolution is a matrix product whose patches, unpooled gradients or transposes never exist in
// memory.
//
// A loader (of a: lines are rows m; of b: lines are columns n) has
//   static constexpr bool alongDepth   whether consecutive k lie side by side in memory (else consecutive lines do)
//   Line line(int index)               what is known of a line, computed once; must cope with lines beyond the end
//   Depth depth(int k, int end)        what is known of a k, computed once a slice; marks k >= end
//   float load(Line, Depth)            the element, 0 outside
//
// Work of a block: slices of `sliceDepth` values of k. While one slice is multiplied out of shared memory the next is
// on its way from device memory into registers; two buffers, so one barrier a slice. `groups` > 1 splits the slices
// among groups of threads, which small outputs need to fill the device; their sums are added in the groups' order.
//
// A thread owns columns and groups of four consecutive rows ("quads"): a 2x2 pooling window is one quad.
#pragma once
#include "../platform.h"

constexpr int sliceDepth = 16;

// Loads its part of every slice of one operand.
template <class Loader, int lines, int threads> struct Stager {
  static constexpr int count = lines * sliceDepth / threads;
  static constexpr int knownLines = Loader::alongDepth ? count : 1;
  static constexpr int stride = Loader::alongDepth ? threads / sliceDepth : threads / lines;

  typename Loader::Line known[knownLines];
  float values[count];

  template <class Tile> DEVICE void start(const Loader& loader, int thread, int firstLine) {
    UNROLL
    for (int i = 0; i < knownLines; i++) {
      known[i] = loader.line(firstLine + Tile::logical(lineOf(thread, i)));
    }
  }
  DEVICE void load(const Loader& loader, int thread, int k, int end) {
    if (Loader::alongDepth) {
      const auto depth = loader.depth(k + depthOf(thread, 0), end);
      UNROLL
      for (int i = 0; i < count; i++) values[i] = loader.load(known[i % knownLines], depth);
    } else {
      UNROLL
      for (int i = 0; i < count; i++) values[i] = loader.load(known[0], loader.depth(k + depthOf(thread, i), end));
    }
  }
  // Address of an element in shared memory: linePitch * line + depthPitch * depth.
  DEVICE void store(float* shared, int thread, int linePitch, int depthPitch) const {
    UNROLL
    for (int i = 0; i < count; i++) {
      shared[lineOf(thread, i) * linePitch + depthOf(thread, i) * depthPitch] = values[i];
    }
  }
  static DEVICE int lineOf(int thread, int i) {
    return Loader::alongDepth ? thread / sliceDepth + i * stride : thread % lines;
  }
  static DEVICE int depthOf(int thread, int i) {
    return Loader::alongDepth ? thread % sliceDepth : thread / lines + i * stride;
  }
};

// Adds the sums of groups 1, 2, ... to those of group 0.
template <class Tile> DEVICE void addGroups(float* shared, typename Tile::Sums& sums, int group, int thread) {
  float* flat = &sums.first();
  __syncthreads();
  if (group > 0) {
    UNROLL
    for (int i = 0; i < Tile::sumsPerThread; i++) {
      shared[((group - 1) * Tile::sumsPerThread + i) * Tile::groupThreads + thread] = flat[i];
    }
  }
  __syncthreads();
  if (group == 0) {
    UNROLL
    for (int other = 0; other < Tile::groups - 1; other++) {
      UNROLL
      for (int i = 0; i < Tile::sumsPerThread; i++) {
        flat[i] += shared[(other * Tile::sumsPerThread + i) * Tile::groupThreads + thread];
      }
    }
  }
}

// The tile whose first element is (firstRow, firstColumn), over k in [kBegin, kEnd). `shared` holds Tile::sharedFloats.
// store(row, column, values) is called once for each quad, by the thread that owns it; rows and columns may lie outside
// c. Before that all threads call store.begin().
template <class Tile, class LoaderA, class LoaderB, class Store>
DEVICE void gemm(float* shared, const LoaderA& a, const LoaderB& b, int firstRow, int firstColumn, int kBegin, int kEnd,
                 const Store& store) {
  constexpr int sliceFloats = Tile::aFloats + Tile::bFloats;
  const int group = threadIdx.x / Tile::groupThreads;
  const int thread = threadIdx.x % Tile::groupThreads;
  float* own = shared + group * 2 * sliceFloats;
  const int slices = (kEnd - kBegin + sliceDepth * Tile::groups - 1) / (sliceDepth * Tile::groups);
  constexpr int aLine = Tile::template linePitch<LoaderA::alongDepth>(Tile::rows);
  constexpr int aDepth = Tile::template depthPitch<LoaderA::alongDepth>(Tile::rows);
  constexpr int bLine = Tile::template linePitch<LoaderB::alongDepth>(Tile::columns);
  constexpr int bDepth = Tile::template depthPitch<LoaderB::alongDepth>(Tile::columns);

  Stager<LoaderA, Tile::rows, Tile::groupThreads> stageA;
  Stager<LoaderB, Tile::columns, Tile::groupThreads> stageB;
  stageA.template start<Tile>(a, thread, firstRow);
  stageB.template start<typename Tile::Columns>(b, thread, firstColumn);
  typename Tile::Sums sums;
  Tile::clear(sums);

  int k = kBegin + group * sliceDepth;
  stageA.load(a, thread, k, kEnd);
  stageB.load(b, thread, k, kEnd);
  NO_UNROLL
  for (int slice = 0; slice < slices; slice++) {
    float* buffer = own + slice % 2 * sliceFloats;
    Tile::round(stageA.values);
    Tile::round(stageB.values);
    stageA.store(buffer, thread, aLine, aDepth);
    stageB.store(buffer + Tile::aFloats, thread, bLine, bDepth);
    __syncthreads();
    if (slice + 1 < slices) {
      k += sliceDepth * Tile::groups;
      stageA.load(a, thread, k, kEnd);
      stageB.load(b, thread, k, kEnd);
    }
    Tile::template multiply<aLine, aDepth, bLine, bDepth>(sums, buffer, buffer + Tile::aFloats, thread);
  }
  if (Tile::groups > 1) addGroups<Tile>(shared, sums, group, thread);
  store.begin();
  if (group == 0) Tile::forEachQuad(sums, thread, firstRow, firstColumn, store);
}
