// finishStep: reported[cursor, i] = *results[i], cursor += 1. One block; for steps that no optimizer ends.
#include "step.h"

KERNEL finishStep(StepEnd end) { writeResults(end); }
EXPORT_KERNEL(finishStep)
