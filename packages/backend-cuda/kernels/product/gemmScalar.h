// A tile of a matrix product in fp32, on the ordinary multiply-add units.
//
// A thread's `threadRows` x `threadColumns` sums are kept in registers; operands are read from shared memory four rows
// at a time. For 8x4 that is 3 reads of 16 bytes for 32 multiply-adds. Predicted, H200: 50% of 67 TFLOP/s in the large
// tile.
#pragma once
#include "gemm.h"

template <int rows_, int columns_, int threadRows, int threadColumns, int groups_> struct ScalarTile {
  static constexpr int rows = rows_, columns = columns_, groups = groups_;
  static constexpr int quads = threadRows / 4;
  static constexpr int threadsAcross = columns / threadColumns;
  static constexpr int threadsDown = rows / threadRows;
  static constexpr int groupThreads = threadsAcross * threadsDown;
  static constexpr int sumsPerThread = threadRows * threadColumns;
  // Lines side by side, so that four rows are one read; 4 more than needed spread the stores over the banks.
  static constexpr int aFloats = sliceDepth * (rows + 4);
  static constexpr int bFloats = sliceDepth * (columns + 4);
  static constexpr int sharedFloats = groups * 2 * (aFloats + bFloats);
  static_assert(groups * groupThreads == blockThreads, "a block has 256 threads");
  static_assert((groups - 1) * groupThreads * sumsPerThread <= sharedFloats, "the groups' sums fit");

  template <bool alongDepth> static constexpr int linePitch(int) { return 1; }
  template <bool alongDepth> static constexpr int depthPitch(int lines) { return lines + 4; }

  struct Columns {
    static DEVICE int logical(int line) { return line; }
  };
  struct Sums {
    float values[quads][threadColumns][4];
    DEVICE float& first() { return values[0][0][0]; }
  };

  static DEVICE int logical(int line) { return line; }

  static DEVICE void clear(Sums& sums) {
    UNROLL
    for (int i = 0; i < sumsPerThread; i++) (&sums.first())[i] = 0.0f;
  }

  template <int count> static DEVICE void round(float (&)[count]) {}

  template <int aLine, int aDepth, int bLine, int bDepth>
  static DEVICE void multiply(Sums& sums, const float* a, const float* b, int thread) {
    const int across = thread % threadsAcross * threadColumns;
    const int down = thread / threadsAcross * 4;
    UNROLL
    for (int k = 0; k < sliceDepth; k++) {
      float bs[threadColumns];
      readColumns(bs, b + k * bDepth + across);
      UNROLL
      for (int quad = 0; quad < quads; quad++) {
        const float4 as = *reinterpret_cast<const float4*>(a + k * aDepth + quad * threadsDown * 4 + down);
        UNROLL
        for (int column = 0; column < threadColumns; column++) {
          float(&sum)[4] = sums.values[quad][column];
          sum[0] = fmaf(as.x, bs[column], sum[0]);
          sum[1] = fmaf(as.y, bs[column], sum[1]);
          sum[2] = fmaf(as.z, bs[column], sum[2]);
          sum[3] = fmaf(as.w, bs[column], sum[3]);
        }
      }
    }
  }

  template <class Store>
  static DEVICE void forEachQuad(const Sums& sums, int thread, int firstRow, int firstColumn, const Store& store) {
    const int across = thread % threadsAcross * threadColumns;
    const int down = thread / threadsAcross * 4;
    UNROLL
    for (int quad = 0; quad < quads; quad++) {
      UNROLL
      for (int column = 0; column < threadColumns; column++) {
        store(firstRow + quad * threadsDown * 4 + down, firstColumn + across + column, sums.values[quad][column]);
      }
    }
  }

 private:
  static DEVICE void readColumns(float (&to)[4], const float* from) {
    const float4 read = *reinterpret_cast<const float4*>(from);
    to[0] = read.x;
    to[1] = read.y;
    to[2] = read.z;
    to[3] = read.w;
  }
  static DEVICE void readColumns(float (&to)[2], const float* from) {
    const float2 read = *reinterpret_cast<const float2*>(from);
    to[0] = read.x;
    to[1] = read.y;
  }
};
