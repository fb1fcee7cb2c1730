/**
 * The right-hand matrix of a product in panels of eight columns, which register tiles read line by line: b [K,N], or [N,K], to
 * [ceil(N / 8)][K][8]. A batch normalization over given statistics behind a product costs it nothing: its factor
 * gamma / sqrt(variance + epsilon) goes into the columns here.
 *
 * Cost: 8 bytes a number.
 */

import { inverseRoots } from "./foldNormalization";
import { PackNormalizedPanelsArgs, PackPanelsArgs } from "./generated/args";
import { transpose4x4 } from "./transposeBlock";

/** b [K,N] into panels of eight columns, [ceil(N / 8)][K][8], zeros beyond the last column. */
export function packPanels(args: PackPanelsArgs, task: i32): void {
  const K = args.K;
  const end = min((task + 1) * args.block, (args.N + 7) >> 3);
  for (let panel = task * args.block; panel < end; panel++) {
    const columns = min(8, args.N - panel * 8);
    const to = args.panels + <usize>panel * ((<usize>K) << 5);
    if (args.transposed) packTransposed(args.b + <usize>(panel * 8) * <usize>K * 4, (<usize>K) << 2, to, K, columns);
    else packRows(args.b + ((<usize>panel) << 5), to, K, (<usize>args.N) << 2, columns);
  }
}

/** The same with a factor for each column; b is [K,N]. */
export function packNormalizedPanels(args: PackNormalizedPanelsArgs, task: i32): void {
  const K = args.K;
  const ldb = (<usize>args.N) << 2;
  const end = min((task + 1) * args.block, (args.N + 7) >> 3);
  for (let panel = task * args.block; panel < end; panel++) {
    const columns = min(8, args.N - panel * 8);
    const first = (<usize>panel) << 5;
    // Where there are no more than four columns the upper ones repeat them: nothing reads those.
    const upper: usize = columns > 4 ? 16 : 0;
    const low = inverseRoots(args.variance, args.gamma, first, args.epsilon);
    const high = inverseRoots(args.variance, args.gamma, first + upper, args.epsilon);
    let b = args.b + first;
    let to = args.panels + <usize>panel * ((<usize>K) << 5);
    for (let k = 0; k < K; k++) {
      v128.store(to, f32x4.mul(v128.load(b), low));
      v128.store(to, f32x4.mul(v128.load(b + upper), high), 16);
      b += ldb;
      to += 32;
    }
  }
}

/** `K` rows of up to eight columns as a panel; rows are `ldb` bytes apart. */
export function packRows(b: usize, to: usize, K: i32, ldb: usize, columns: i32): void {
  for (let k = 0; k < K; k++) {
    if (columns === 8) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
    } else {
      memory.fill(to, 0, 32);
      memory.copy(to, b, (<usize>columns) << 2);
    }
    b += ldb;
    to += 32;
  }
}

/** Eight rows of b, `ldb` bytes apart, become eight columns: blocks of four by four, transposed in registers. */
export function packTransposed(b: usize, ldb: usize, to: usize, K: i32, columns: i32): void {
  let k: i32 = 0;
  if (columns === 8) {
    for (; k + 4 <= K; k += 4) {
      const from = b + ((<usize>k) << 2);
      const at = to + ((<usize>k) << 5);
      transpose4x4(from, ldb, at, 32);
      transpose4x4(from + 4 * ldb, ldb, at + 16, 32);
    }
  }
  for (; k < K; k++) {
    for (let n = 0; n < 8; n++) {
      const value = n < columns ? load<f32>(b + <usize>n * ldb + ((<usize>k) << 2)) : 0;
      store<f32>(to + ((<usize>k) << 5) + ((<usize>n) << 2), value);
    }
  }
}
