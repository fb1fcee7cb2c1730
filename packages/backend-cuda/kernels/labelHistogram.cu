// counts[label is not 0 ? 0 : 1, b] += 1 with b = min(max(ceil(p B) - 1, 0), B - 1), the product rounded to float; NaN counts in
// the first bucket.
//
// predictions, labels [...], counts [2,B] updated
// Cost: 8 bytes and an atomic addition an element, in the cache; whole numbers come out the same in any order. Not measured yet.
#include "loops.h"

KERNEL labelHistogram(const float* __restrict__ predictions, const float* __restrict__ labels, int* counts, int buckets,
                      int count) {
  FOR_EACH(i, count) {
    const float position = ceilf(predictions[i] * float(buckets)) - 1.0f;
    const int bucket = position > 0.0f ? (position < float(buckets - 1) ? int(position) : buckets - 1) : 0;
    addOne(counts + (labels[i] == 0.0f ? buckets : 0) + bucket);
  }
}
EXPORT_KERNEL(labelHistogram)
