// total[i] = sum over parts of partial[part,i]: how the sums of a launch's blocks come together where there are too many for
// its last block.
//
// partial [parts,count] -> [count]
// Cost: reads the parts once, 4 bytes an addition. Idea: a block has up to 32 numbers, and its lines the parts in turn. Not
// measured yet.
//
// Grid: (tiles of numbers, 1), numbers as channels.
#include "channelSums.h"

KERNEL __launch_bounds__(blockThreads)
    partialSums(const float* __restrict__ partial, float* __restrict__ total, ChannelTile tile, int parts) {
  SHARED_ARRAY(float, shared, blockThreads);
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  float sum = 0.0f;
  if (at.works) {
    for (int part = at.line; part < parts; part += tile.lines) sum += partial[part * tile.C + at.c];
  }
  sum = sumLines(shared, sum, tile, at.line);
  if (at.works && at.line == 0) total[at.c] = sum;
}
EXPORT_KERNEL(partialSums)
