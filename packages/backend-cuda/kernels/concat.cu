// y = the inputs one behind the other along an axis: each copied into rows of the output, where a row is what lies behind one
// place of the axes before that one.
//
// inputs [rows,its run] -> y [rows,run], run the sum of theirs
// Cost: reads and writes every number once: bound by memory. Up to eight inputs a launch. Not measured yet.
//
// Grid: (blocks along an input, inputs).
#include "divisor.h"
#include "loops.h"

struct ConcatSource {
  const float* x;
  Divisor byRun;
  // Where its run begins in the output's.
  int start;
  int count;
};

constexpr int maxConcatSources = 8;
struct ConcatSources {
  ConcatSource sources[maxConcatSources];
};

KERNEL concat(ConcatSources from, float* __restrict__ y, int run) {
  const ConcatSource& source = from.sources[blockIdx.y];
  const float* __restrict__ x = source.x;
  const int gap = run - int(source.byRun.divisor);
  FOR_EACH(i, source.count) y[i + int(quotient(i, source.byRun)) * gap + source.start] = x[i];
}
EXPORT_KERNEL(concat)
