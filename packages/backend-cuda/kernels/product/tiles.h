// The tiles that kernels are built for, by the shape of the output; src/kernels/product/tiles.ts chooses among them.
//
// | name  | rows x columns | for                                                               |
// | ----- | -------------- | ----------------------------------------------------------------- |
// | small | 32 x 32        | few outputs: more blocks, and four groups a block share k          |
// | tall  | 128 x 32       | up to 32 columns                                                  |
// | large | 128 x 64       | the rest                                                          |
#pragma once
#include "gemmScalar.h"
#include "gemmTensor.h"

struct Fp32 {
  using Small = ScalarTile<32, 32, 4, 4, 4>;
  using Tall = ScalarTile<128, 32, 4, 4, 1>;
  using Large = ScalarTile<128, 64, 8, 4, 1>;
};

struct Tf32 {
  using Small = TensorTile<32, 32, 16, 4>;
  using Tall = TensorTile<128, 32, 16, 1>;
  using Large = TensorTile<128, 64, 32, 1>;
};
