// How work on [rows,C] is dealt out where every channel has numbers of its own, so that a thread keeps its channel and with it
// these numbers in registers.
#pragma once
#include "divisor.h"
#include "loops.h"

// Elementwise: the elements first, first + stride, ... below the count, all of one channel, as the stride is a multiple of C.
// The launch has at least C threads; those of an incomplete row at its end have no work.
struct ChannelWalk {
  int first, stride, c;
};
DEVICE ChannelWalk channelWalk(const Divisor& byC, int count) {
  const int threads = gridDim.x * blockDim.x;
  const int index = blockIdx.x * blockDim.x + threadIdx.x;
  const int stride = threads - int(modulo(threads, byC));
  return {index < stride ? index : count, stride, int(modulo(index, byC))};
}
#define FOR_EACH_OF_CHANNEL(i, walk, count) for (int i = walk.first; i < count; i += walk.stride)

// In tiles: a block has some neighbouring channels, min(C, 32) of them, one beside the other in lines of threads, and its lines
// take rows or other units of work in turn. A few threads that fill no line, or stand behind the last channel, have no work.
struct ChannelTile {
  int C;
  Divisor byColumns;
  int lines;
};
struct ChannelPlace {
  int c, line;
  bool works;
};
DEVICE ChannelPlace placeIn(const ChannelTile& tile, int group) {
  const int line = quotient(threadIdx.x, tile.byColumns);
  const int c = group * int(tile.byColumns.divisor) + int(threadIdx.x) - line * int(tile.byColumns.divisor);
  return {c, line, line < tile.lines && c < tile.C};
}
