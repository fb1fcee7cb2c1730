import { addend, type ChainParts } from "@convoy/core/backend";
import type { OpWriter, WasmOp } from "../program/opWriter.js";
import { type FoldedNormalization, foldNormalization } from "./foldNormalization.js";

/** What a convolution adds to its products, and the normalization that its kernel takes up. */
export interface Additions {
  /** Address of a vector, or 0. */
  readonly bias: number;
  /** Address of a tensor like the outputs, or 0. */
  readonly addend: number;
  readonly folded: FoldedNormalization | undefined;
}

/** Of the chain that `op` is; a folded normalization takes workspace. */
export function additionsOf(
  op: WasmOp,
  { bias, normalization, addition }: ChainParts<WasmOp>,
  writer: OpWriter,
): Additions {
  const own = bias?.inputs[1]?.address ?? 0;
  const folded = normalization && foldNormalization(writer, normalization, own);
  return { bias: folded?.bias ?? own, addend: addition ? addend(op, addition).address : 0, folded };
}
