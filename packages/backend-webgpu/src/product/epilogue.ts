/** What fused kernels do with a number before it leaves the registers: bias, then activation. */

import type { OpAttributes, PlanValue } from "@convoy/core/backend";
import { activateDeclaration, mapped } from "../wgsl/activation.js";
import type { KernelCall } from "../wgsl/kernel.js";
import { floats, reads, type TensorUse } from "../wgsl/shader.js";

export interface Epilogue {
  readonly bias?: PlanValue;
  readonly activation?: OpAttributes["unary"];
}

/** The epilogue of a fused op: its biasAdd and unary parts. */
export function epilogueOf(parts: readonly KernelCall[]): Epilogue {
  const bias = parts.find(({ op }) => op === "biasAdd")?.inputs[1];
  const unary = parts.find(({ op }) => op === "unary");
  return {
    ...(bias ? { bias } : {}),
    ...(unary ? { activation: unary.attributes as unknown as OpAttributes["unary"] } : {}),
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
