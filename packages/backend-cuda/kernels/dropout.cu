// dropout:        y[i] = word(i) >= threshold ? x[i] * factor : 0
// channelDropout: y[n,...,c] = word(n C + c) >= threshold ? x[n,...,c] * factor : 0
//
// word(i) from the stream (seed, dropout, instance) at this iteration; [...] -> [...]. The input is a part of a batch: its first
// element takes the first word of counter firstPair, or the second where `odd` is 1.
// Cost: 8 bytes and 41 integer operations an element. A thread does two elements: words come in pairs. channelDropout takes
// a word for each stretch of positions of a channel, by a thread that keeps the channel.
// Predicted, H200: 2 TB/s on tensors larger than the L2 cache; not measured.
//
// Grid of channelDropout: (blocks along samples and stretches, tiles of channels).
#include "channels.h"
#include "threefry.h"

KERNEL dropout(const float* __restrict__ x, float* __restrict__ y, const StepRow* table, const StepState* state,
               uint32_t purpose, uint32_t instance, uint32_t firstPair, int odd, uint32_t threshold, float factor,
               int count) {
  const StepRow step = currentStep(table, state);
  const Words key = streamKey(step, purpose, instance);
  const int pairs = (count + odd + 1) / 2;
  for (int pair = blockIdx.x * blockDim.x + threadIdx.x; pair < pairs; pair += gridDim.x * blockDim.x) {
    const Words words = threefry(key, {firstPair + pair, step.iteration});
    const int i = pair * 2 - odd;
    if (i >= 0) y[i] = words.first >= threshold ? x[i] * factor : 0.0f;
    if (i + 1 < count) y[i + 1] = words.second >= threshold ? x[i + 1] * factor : 0.0f;
  }
}
EXPORT_KERNEL(dropout)

KERNEL __launch_bounds__(blockThreads)
    channelDropout(const float* __restrict__ x, float* __restrict__ y, const StepRow* table, const StepState* state,
                   uint32_t purpose, uint32_t instance, uint32_t firstPair, int odd, uint32_t threshold, float factor,
                   ChannelTile tile, int positions, int positionsPerStretch, Divisor byStretches, int count) {
  const StepRow step = currentStep(table, state);
  const Words key = streamKey(step, purpose, instance);
  const ChannelPlace at = placeIn(tile, blockIdx.y);
  if (!at.works) return;
  for (int i = blockIdx.x * tile.lines + at.line; i < count; i += gridDim.x * tile.lines) {
    const int n = quotient(i, byStretches);
    const int first = (i - n * int(byStretches.divisor)) * positionsPerStretch;
    const int end = min(positions, first + positionsPerStretch);
    const uint32_t index = uint32_t(n) * tile.C + at.c + odd;
    const Words words = threefry(key, {firstPair + (index >> 1), step.iteration});
    const bool kept = (index & 1 ? words.second : words.first) >= threshold;
    for (int position = first; position < end; position++) {
      const int64_t element = (int64_t(n) * positions + position) * tile.C + at.c;
      y[element] = kept ? x[element] * factor : 0.0f;
    }
  }
}
EXPORT_KERNEL(channelDropout)
