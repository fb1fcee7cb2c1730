/** What the kernels of a matrix product are given, whichever variant runs. */

import type { OpAttributes, PlanValue } from "@convoy/core/backend";
import type { Epilogue } from "./epilogue.js";

/** y[m,n] = sum over k of a[m,k] b[k,n], then the epilogue. */
export interface MatMulSpec {
  readonly label: string;
  readonly a: PlanValue;
  readonly b: PlanValue;
  readonly output: PlanValue;
  readonly attributes: OpAttributes["matMul"];
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly epilogue: Epilogue;
}
