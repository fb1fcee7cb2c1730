// Mean and squared differences of the columns of a convolution's output, found while its tiles are still in registers: batch
// normalization reads them instead of the output.
//
// Each quad leaves its two numbers in shared memory; the block adds the quads of a column up and stores the tile's. Where there
// are many tiles, so many that each reader would have long sums, the last block of every `tilesPerPart` adds theirs up.
#pragma once
#include "../channelSums.h"

struct TileMoments {
  // [row tiles,2,F]; null where no moments are wanted.
  float* ofTiles;
  // [parts,2,F] of up to tilesPerPart row tiles each; not used where that is 1.
  float* ofParts;
  // [parts, column tiles]
  uint32_t* counters;
  // Of the columns of a tile.
  ChannelTile tile;
  int tilesPerPart;
};

// Of those of the four rows that exist.
DEVICE void keepQuad(float* shared, int quad, int column, int columns, const float (&z)[4], int count) {
  if (count <= 0) return;
  const float share = count >= 4 ? 0.25f : count == 3 ? 1.0f / 3.0f : count == 2 ? 0.5f : 1.0f;
  float sum = 0.0f, squares = 0.0f;
  UNROLL
  for (int i = 0; i < 4; i++) sum += i < count ? z[i] : 0.0f;
  const float mean = sum * share;
  UNROLL
  for (int i = 0; i < 4; i++) squares += i < count ? (z[i] - mean) * (z[i] - mean) : 0.0f;
  shared[quad * 2 * columns + column] = mean;
  shared[(quad * 2 + 1) * columns + column] = squares;
}

// The tile whose quads are in `shared`, which must have room for 3 numbers a thread. All threads must call it.
template <class Tile> DEVICE void storeMoments(float* shared, const TileMoments& to, int rows) {
  static_assert(3 * blockThreads <= Tile::sharedFloats, "the lines' moments fit");
  const ChannelPlace at = placeIn(to.tile, blockIdx.y);
  const int column = threadIdx.x - at.line * Tile::columns, firstRow = blockIdx.x * Tile::rows;
  auto& lines = *reinterpret_cast<Moments(*)[blockThreads]>(shared);
  Moments own{0.0f, 0.0f, 0.0f};
  __syncthreads();
  NO_UNROLL
  for (int quad = at.line; quad < Tile::rows / 4; quad += to.tile.lines) {
    const int count = min(4, rows - firstRow - quad * 4);
    if (!at.works || count <= 0) break;
    const float* from = shared + quad * 2 * Tile::columns + column;
    own = combined(own, Moments{float(count), from[0], from[Tile::columns]});
  }
  own = sumLines(lines, own, to.tile, at.line);
  const bool first = at.works && at.line == 0;
  if (first) {
    float* tile = to.ofTiles + int64_t(blockIdx.x) * 2 * to.tile.C + at.c;
    store(own, tile[0], tile[to.tile.C]);
  }
  if (to.tilesPerPart == 1) return;
  const int part = blockIdx.x / to.tilesPerPart, firstTile = part * to.tilesPerPart;
  const int tiles = min(to.tilesPerPart, int(gridDim.x) - firstTile);
  if (!isLastBlock(to.counters + part * gridDim.y + blockIdx.y, tiles)) return;
  const ChannelParts of{to.ofTiles + int64_t(firstTile) * 2 * to.tile.C, tiles, Tile::rows};
  own = sumParts(lines, of, to.tile, at, rows - firstTile * Tile::rows);
  if (first) {
    float* total = to.ofParts + int64_t(part) * 2 * to.tile.C + at.c;
    store(own, total[0], total[to.tile.C]);
  }
}
