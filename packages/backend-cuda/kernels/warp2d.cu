// y[n,oh,ow] = the pixel of image n at (x, y), or the mean of the four around it:
//   x = t0 ow + t1 oh + t2, y = t3 ow + t4 oh + t5 in units of 2^-fractionBits pixels, t = transforms[n], sums in 32 bits
// What is read is scaled and shifted, and so is the result: image = scale source[row] + offset, y = scale y + offset.
//
// source [M,H,W,C] of bytes or numbers, order [M], transforms [N,6] -> y [N,OH,OW,C]. As warp2d the images are the batch itself;
// as fusedGatherRows they are rows of a data set, gathered on the way: row order[batchStart + n], or batchStart + n.
// Cost: writes 4 bytes a number, reads 1 (bytes) or 4, each neighbour's pixels out of the cache; about 55 operations a pixel to
// find it and 4 to 9 a number: at 1 and 3 channels near the balance of memory and arithmetic of an H200. Gathered on the way
// the batch is not written and read in between: 5 bytes a number instead of 13 from bytes.
// Idea: a grid row is an image, so that its row, its transform and its place are the same for all threads of a block. With 1 or 3
// channels a thread computes a pixel, the offsets and weights of its four neighbours once for all channels; with other numbers
// of channels a number. Each neighbour's index is mapped on its own, and not at all where it lies inside the image.
// Predicted, H200: 2 us for 64 images of 28x28x1 or 32x32x3 bytes, a launch; 70 us for 256 of 224x224x3. Not measured on a card.
//
// Grid: (blocks along an image, images). Kernels: warp, Bytes or Numbers, and 1, 3 or Any channels.
#include "gather.h"
#include "loops.h"
#include "pixels.h"

enum FillMode : int { reflectFill = 0, wrapFill, constantFill, nearestFill };

struct WarpAxis {
  int length;
  // Twice the length for reflectFill, else the length.
  Divisor byPeriod;
};

struct WarpShape {
  // Of the images that are read.
  WarpAxis rows, columns;
  int N, C;
  // Pixels of an output.
  int area;
  Divisor byWidth, byC;
  int fractionBits;
  // 2^-fractionBits.
  float unit;
  int bilinear, fillMode;
  float fillValue;
  // Of the result.
  float scale, offset;
};

// The index that is read in place of `index`, negative for the fill value.
DEVICE int within(int index, const WarpAxis& axis, int fillMode) {
  if (unsigned(index) < unsigned(axis.length)) return index;
  if (fillMode == constantFill) return -1;
  if (fillMode == nearestFill) return index < 0 ? 0 : axis.length - 1;
  // Before the image lies the mirror image of what lies behind it.
  const int place = modulo(index < 0 ? -1 - index : index, axis.byPeriod);
  if (fillMode == wrapFill) return index < 0 ? axis.length - 1 - place : place;
  return place < axis.length ? place : 2 * axis.length - 1 - place;
}

// The row of the transform that `t` points to, at a pixel of the output.
DEVICE int coordinate(const int* t, int ox, int oy) {
  return int(uint32_t(t[0]) * uint32_t(ox) + uint32_t(t[1]) * uint32_t(oy) + uint32_t(t[2]));
}

template <class T> struct WarpedImage {
  const T* numbers;
  float scale, offset, fillValue;
  // Places of a row and of a column, of which negative ones are outside.
  DEVICE float at(int row, int column, int c) const {
    return (row | column) < 0 ? fillValue : fmaf(scale, float(__ldg(numbers + row + column + c)), offset);
  }
};

// Numbers c ... c + count - 1 of the pixel that pixel `index` of the output takes.
template <int count, class T>
DEVICE void warpPixel(const WarpedImage<T>& image, const int (&t)[6], const WarpShape& shape, int index, int c,
                      float (&values)[count]) {
  const int oy = quotient(index, shape.byWidth), ox = index - oy * int(shape.byWidth.divisor);
  const int x = coordinate(t, ox, oy), y = coordinate(t + 3, ox, oy);
  const int rowLength = shape.columns.length * shape.C;
  if (!shape.bilinear) {
    const int half = (1 << shape.fractionBits) >> 1;
    const int row = within((y + half) >> shape.fractionBits, shape.rows, shape.fillMode) * rowLength;
    const int column = within((x + half) >> shape.fractionBits, shape.columns, shape.fillMode) * shape.C;
    UNROLL
    for (int i = 0; i < count; i++) values[i] = fmaf(shape.scale, image.at(row, column, c + i), shape.offset);
    return;
  }
  const int mask = (1 << shape.fractionBits) - 1;
  const int left = x >> shape.fractionBits, top = y >> shape.fractionBits;
  const float across = float(x & mask) * shape.unit, down = float(y & mask) * shape.unit;
  const int upper = within(top, shape.rows, shape.fillMode) * rowLength;
  const int lower = within(top + 1, shape.rows, shape.fillMode) * rowLength;
  const int first = within(left, shape.columns, shape.fillMode) * shape.C;
  const int second = within(left + 1, shape.columns, shape.fillMode) * shape.C;
  UNROLL
  for (int i = 0; i < count; i++) {
    const float above = (1.0f - across) * image.at(upper, first, c + i) + across * image.at(upper, second, c + i);
    const float below = (1.0f - across) * image.at(lower, first, c + i) + across * image.at(lower, second, c + i);
    values[i] = fmaf(shape.scale, (1.0f - down) * above + down * below, shape.offset);
  }
}

// With 0 channels any number of them, each in a thread of its own.
template <class T, int channels>
DEVICE void warpImages(const GatherSource& from, const int* transforms, const StepRow* table, StepState* state,
                       const WarpShape& shape) {
  const uint32_t start = table ? currentStep(table, state).batchStart : 0;
  const int size = shape.area * shape.C;
  for (int n = blockIdx.y; n < shape.N; n += gridDim.y) {
    const T* numbers = static_cast<const T*>(from.source) + int64_t(sourceRow(from, start, n, state)) * from.byRow.divisor;
    const WarpedImage<T> image{numbers, from.scale, from.offset, shape.fillValue};
    int t[6];
    UNROLL
    for (int i = 0; i < 6; i++) t[i] = __ldg(transforms + n * 6 + i);
    float* y = static_cast<float*>(from.batch) + n * size;
    if (channels > 0) {
      FOR_EACH_PIXELS(first, shape.area) {
        const int index = first + threadIdx.x % 32;
        float values[channels > 0 ? channels : 1];
        if (index < shape.area) warpPixel(image, t, shape, index, 0, values);
        storePixels(values, y, first, shape.area);
      }
    } else {
      FOR_EACH(i, size) {
        const int index = quotient(i, shape.byC);
        float value[1];
        warpPixel(image, t, shape, index, i - index * shape.C, value);
        y[i] = value[0];
      }
    }
  }
}

#define WARP(name, T, channels)                                                                                     \
  KERNEL name(GatherSource from, const int* __restrict__ transforms, const StepRow* table, StepState* state,        \
              WarpShape shape) {                                                                                    \
    warpImages<T, channels>(from, transforms, table, state, shape);                                                 \
  }                                                                                                                 \
  EXPORT_KERNEL(name)

WARP(warpBytes1, uint8_t, 1)
WARP(warpBytes3, uint8_t, 3)
WARP(warpBytesAny, uint8_t, 0)
WARP(warpNumbers1, float, 1)
WARP(warpNumbers3, float, 3)
WARP(warpNumbersAny, float, 0)
