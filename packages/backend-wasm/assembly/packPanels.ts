/**
 * The right-hand matrix of a product in panels of eight columns, which register tiles read line by line: b [K,N], or [N,K], to
 * [ceil(N / 8)][K][8].
 *
 * Cost: 8 bytes a number.
 */

import { PackPanelsArgs } from "./generated/args";
import { transpose4x4 } from "./transposeBlock";

/** b [K,N] into panels of eight columns, [ceil(N / 8)][K][8], zeros beyond the last column. */
export function packPanels(args: PackPanelsArgs, task: i32): void {
  const K = args.K;
  const end = min((task + 1) * args.block, (args.N + 7) >> 3);
  for (let panel = task * args.block; panel < end; panel++) {
    const columns = min(8, args.N - panel * 8);
    const to = args.panels + <usize>panel * ((<usize>K) << 5);
    if (args.transposed) packTransposed(args.b + <usize>(panel * 8) * <usize>K * 4, to, K, columns);
    else packRows(args.b + ((<usize>panel) << 5), to, K, (<usize>args.N) << 2, columns);
  }
}

function packRows(b: usize, to: usize, K: i32, ldb: usize, columns: i32): void {
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

/** Eight rows of b become eight columns: blocks of four by four, transposed in registers. */
function packTransposed(b: usize, to: usize, K: i32, columns: i32): void {
  const ldb = (<usize>K) << 2;
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
