/** What fused kernels do with a number before it leaves the registers: bias, then activation. */

import { attributesOf, type BoundOp, chainParts, type OpAttributes, type PlanValue } from "@convoy/core/backend";
import { activateDeclaration } from "../wgsl/activation.js";
import { floats, mapped, reads, type TensorUse } from "../wgsl/shader.js";

export interface Epilogue {
  readonly bias?: PlanValue;
  readonly activation?: OpAttributes["unary"];
}

/** The epilogue of a forward chain: its bias and activation. */
export function epilogueOf(chain: BoundOp<PlanValue>): Epilogue {
  const { bias, activation } = chainParts<BoundOp<PlanValue>>(chain);
  return {
    ...(bias ? { bias: bias.inputs[1]! } : {}),
    ...(activation ? { activation: attributesOf("unary", activation) } : {}),
  };
}

export function epilogueDeclarations({ activation }: Epilogue): string {
  return activation ? activateDeclaration(activation) : "";
}

/** The bias as a tensor `bias` of vectors. */
export function epilogueTensors({ bias }: Epilogue, width: 1 | 2 | 4): Record<string, TensorUse> {
  return bias ? { bias: reads(bias, floats(width)) } : {};
}

/** `value` plus the bias vector at `at`. */
export function biased({ bias }: Epilogue, value: string, at: string): string {
  return bias ? `(${value} + bias[${at}])` : value;
}

/** The activation of `value`, a name. */
export function activated({ activation }: Epilogue, value: string, width: 1 | 2 | 4): string {
  return activation ? mapped("activate", value, width) : value;
}
