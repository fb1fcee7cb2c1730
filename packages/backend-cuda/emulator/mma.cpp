// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 for the 32 lanes of a warp; fragments as laid out in the PTX ISA,
// section "Matrix fragments for mma.m16n8k8".
#include "cuda.h"
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim

namespace emulator {

// The unit reads the upper 19 bits of a register.
static float tf32(uint32_t bits) { return __uint_as_float(bits & 0xffffe000u); }

void mmaTf32(const char* deposits, char* results, unsigned) {
  const MmaRecord* lanes = reinterpret_cast<const MmaRecord*>(deposits);
  MmaRecord* out = reinterpret_cast<MmaRecord*>(results);
  float a[16][8], b[8][8], d[16][8];
  for (int lane = 0; lane < 32; lane++) {
    const int group = lane >> 2, position = lane & 3;
    for (int i = 0; i < 4; i++) {
      a[group + (i & 1) * 8][position + (i >> 1) * 4] = tf32(lanes[lane].a[i]);
      d[group + (i >> 1) * 8][position * 2 + (i & 1)] = lanes[lane].d[i];
    }
    for (int i = 0; i < 2; i++) b[position + i * 4][group] = tf32(lanes[lane].b[i]);
  }
  for (int m = 0; m < 16; m++) {
    for (int k = 0; k < 8; k++) {
      for (int n = 0; n < 8; n++) d[m][n] += a[m][k] * b[k][n];
    }
  }
  for (int lane = 0; lane < 32; lane++) {
    const int group = lane >> 2, position = lane & 3;
    for (int i = 0; i < 4; i++) out[lane].d[i] = d[group + (i >> 1) * 8][position * 2 + (i & 1)];
  }
}

}  // namespace emulator
