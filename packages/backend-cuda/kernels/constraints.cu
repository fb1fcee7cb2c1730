// constrainNorm: norm = sqrt(sum over some axes of w^2), w = w wanted / (norm + 1e-7), wanted = min(norm, limit) or limit
// nonNegative:   w = max(w, 0)
//
// w [...] updated
// Cost: reads and writes w once, for the norms once more, mostly out of the cache: bound by memory, small parameters by the
// launch.
// Idea: both in one launch. A block has up to 32 norms, one beside the other where neighbours in memory belong to different
// norms, else one; its lines take the numbers of a norm in turn. Not measured yet.
//
// Grid of constrainNorm: (tiles of norms, 1), norms as channels.
#include "channelSums.h"

// The axes that stay and those that a norm goes over, at most two each after neighbours have been joined.
struct NormShape {
  // How far apart neighbours are along the outer and the inner one.
  int keptOuter, keptInner, reducedOuter, reducedInner;
  // The inner one's length.
  Divisor byKept, byReduced;
  // Numbers of a norm.
  int length;
};

KERNEL __launch_bounds__(blockThreads)
    constrainNorm(float* w, NormShape shape, ChannelTile tile, float limit, int sets) {
  SHARED_ARRAY(float, shared, blockThreads);
  const ChannelPlace at = placeIn(tile, blockIdx.x);
  const int outer = quotient(at.works ? at.c : 0, shape.byKept);
  float* first = w + outer * shape.keptOuter + (at.c - outer * int(shape.byKept.divisor)) * shape.keptInner;
  const auto number = [&](int i) -> float& {
    const int above = quotient(i, shape.byReduced);
    return first[above * shape.reducedOuter + (i - above * int(shape.byReduced.divisor)) * shape.reducedInner];
  };
  float squares = 0.0f;
  if (at.works) {
    for (int i = at.line; i < shape.length; i += tile.lines) squares = fmaf(number(i), number(i), squares);
  }
  sumLines(shared, squares, tile, at.line);
  if (!at.works) return;
  const float norm = sqrtf(shared[threadIdx.x - at.line * tile.byColumns.divisor]);
  // NaN stays NaN.
  const float wanted = sets || norm > limit ? limit : norm;
  const float factor = wanted / (norm + 1e-7f);
  for (int i = at.line; i < shape.length; i += tile.lines) number(i) *= factor;
}
EXPORT_KERNEL(constrainNorm)

KERNEL nonNegative(float* w, int count) {
  FOR_EACH(i, count) {
    const float value = w[i];
    w[i] = value < 0.0f ? 0.0f : value;
  }
}
EXPORT_KERNEL(nonNegative)
