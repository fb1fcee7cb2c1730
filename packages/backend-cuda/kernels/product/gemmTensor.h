// A tile of a matrix product on the tensor cores: operands rounded to tf32 (10 bits of mantissa), sums in fp32.
//
// A warp owns 32 rows x `warpColumns` columns: two mma.sync m16n8k8 down, warpColumns / 8 across. Rows are dealt to the
// fragments so that a thread holds rows 4g to 4g + 3 of the warp's 32 (g = lane / 4): logical() says which row of c
// stands in which line of shared memory. Pitches make the fragment reads free of bank conflicts.
// Predicted, H200: 25% of 495 TFLOP/s in the large tile; what the loaders compute per element is the limit.
#pragma once
#include "gemm.h"

template <int rows_, int columns_, int warpColumns, int groups_> struct TensorTile {
  static constexpr int rows = rows_, columns = columns_, groups = groups_;
  static constexpr int across = warpColumns / 8;
  static constexpr int warpsDown = rows / 32;
  static constexpr int groupThreads = warpsDown * (columns / warpColumns) * 32;
  static constexpr int sumsPerThread = 2 * across * 4;
  // The larger of the two layouts: 20 floats a line, or lines + 8 a depth.
  static constexpr int aFloats = rows * 20 > sliceDepth * (rows + 8) ? rows * 20 : sliceDepth * (rows + 8);
  static constexpr int bFloats = columns * 20 > sliceDepth * (columns + 8) ? columns * 20 : sliceDepth * (columns + 8);
  static constexpr int sharedFloats = groups * 2 * (aFloats + bFloats);
  static_assert(groups * groupThreads == blockThreads, "a block has 256 threads");
  static_assert((groups - 1) * groupThreads * sumsPerThread <= sharedFloats, "the groups' sums fit");

  template <bool alongDepth> static constexpr int linePitch(int) { return alongDepth ? 20 : 1; }
  template <bool alongDepth> static constexpr int depthPitch(int lines) { return alongDepth ? 1 : lines + 8; }

  struct Columns {
    static DEVICE int logical(int line) { return line; }
  };
  struct Sums {
    float values[2][across][4];
    DEVICE float& first() { return values[0][0][0]; }
  };

  // Line g + 8i of 32 holds row 4g + i.
  static DEVICE int logical(int line) { return (line & ~31) | (line & 7) << 2 | (line >> 3 & 3); }

  static DEVICE void clear(Sums& sums) {
    UNROLL
    for (int i = 0; i < sumsPerThread; i++) (&sums.first())[i] = 0.0f;
  }

  template <int count> static DEVICE void round(float (&values)[count]) {
    UNROLL
    for (int i = 0; i < count; i++) values[i] = __uint_as_float(toTf32(values[i]));
  }

  template <int aLine, int aDepth, int bLine, int bDepth>
  static DEVICE void multiply(Sums& sums, const float* a, const float* b, int thread) {
    const int warp = thread / 32, group = thread % 32 / 4, position = thread % 4;
    const float* aWarp = a + (warp % warpsDown * 32 + group) * aLine + position * aDepth;
    const float* bWarp = b + (warp / warpsDown * warpColumns + group) * bLine + position * bDepth;
    UNROLL
    for (int k = 0; k < sliceDepth; k += 8) {
      uint32_t as[2][4];
      UNROLL
      for (int down = 0; down < 2; down++) {
        UNROLL
        for (int i = 0; i < 4; i++) {
          const int line = down * 16 + (i & 1) * 8, depth = k + (i >> 1) * 4;
          as[down][i] = __float_as_uint(aWarp[line * aLine + depth * aDepth]);
        }
      }
      UNROLL
      for (int column = 0; column < across; column++) {
        uint32_t bs[2];
        UNROLL
        for (int i = 0; i < 2; i++) bs[i] = __float_as_uint(bWarp[column * 8 * bLine + (k + i * 4) * bDepth]);
        mmaTf32(sums.values[0][column], as[0], bs);
        mmaTf32(sums.values[1][column], as[1], bs);
      }
    }
  }

  template <class Store>
  static DEVICE void forEachQuad(const Sums& sums, int thread, int firstRow, int firstColumn, const Store& store) {
    const int warp = thread / 32, group = thread % 32 / 4, position = thread % 4;
    const int row = firstRow + warp % warpsDown * 32 + group * 4;
    const int column = firstColumn + warp / warpsDown * warpColumns + position * 2;
    UNROLL
    for (int j = 0; j < across; j++) {
      UNROLL
      for (int odd = 0; odd < 2; odd++) {
        const float quad[4] = {sums.values[0][j][odd], sums.values[0][j][2 + odd], sums.values[1][j][odd],
                               sums.values[1][j][2 + odd]};
        store(row, column + j * 8 + odd, quad);
      }
    }
  }
};
