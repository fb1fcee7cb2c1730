import { attributesOf } from "@convoy/core/backend";
import { type Launch, launch } from "../program/launch.js";
import type { OpEncoder, Operand, OpWriter, WasmOp } from "../program/opWriter.js";
import { unaryArguments } from "./unary.js";
import { type WideRows, wideBlocks, wideRowsOf } from "./wideRows.js";

/** Gamma and beta out of the inputs at the end of an op's list; 0 for what there is not. */
export function gammaAndBeta(
  vectors: readonly Operand[],
  { scale, center }: { readonly scale: boolean; readonly center: boolean },
): { gamma: number; beta: number } {
  return {
    gamma: scale ? vectors[0]!.address : 0,
    beta: center ? vectors[vectors.length - 1]!.address : 0,
  };
}

interface Places {
  readonly x: number;
  readonly mean: number;
  readonly variance: number;
  readonly gamma: number;
  readonly beta: number;
  /** 0 without. */
  readonly addend: number;
  readonly y: number;
}

/** The pass that normalizes with statistics that are there, with the function behind it if there is one. */
export function normalizeLaunch(
  writer: OpWriter,
  wide: WideRows,
  places: Places,
  epsilon: number,
  activation?: WasmOp,
): Launch {
  const { args, tasks } = wideBlocks(wide);
  writer.scratch(3 * wide.width * 4 + 64);
  return launch("normalize", tasks, { ...places, ...args, epsilon, ...unaryArguments(activation) });
}

export const normalize: OpEncoder = (op, writer) => {
  const [x, mean, variance, ...vectors] = op.inputs;
  const attributes = attributesOf("normalize", op);
  const places = {
    x: x!.address,
    mean: mean!.address,
    variance: variance!.address,
    ...gammaAndBeta(vectors, attributes),
    addend: 0,
    y: op.outputs[0]!.address,
  };
  writer.stage(normalizeLaunch(writer, wideRowsOf(x!.shape), places, attributes.epsilon));
};

export const normalizeBackwardInput: OpEncoder = (op, writer) => {
  const [dy, variance, gamma] = op.inputs;
  const { epsilon } = attributesOf("normalizeBackwardInput", op);
  const wide = wideRowsOf(dy!.shape);
  const { args, tasks } = wideBlocks(wide);
  writer.scratch(wide.width * 4 + 64);
  writer.stage(
    launch("normalizeBackwardInput", tasks, {
      dy: dy!.address,
      variance: variance!.address,
      gamma: gamma?.address ?? 0,
      dx: op.outputs[0]!.address,
      ...args,
      epsilon,
    }),
  );
};
