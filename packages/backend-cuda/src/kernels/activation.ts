import type { OpAttributes, UnaryFunction } from "@convoy/core/backend";
import type { StructValues } from "./arguments/pack.js";
import { enums } from "./arguments/structs.js";

type UnaryAttributes = OpAttributes["unary"];

const { hyperbolicTangent, logarithm, ...sameNames } = enums.ActivationCode;

/**
 * ActivationCode by core's names, where C++ has other things of those names. The functions that are not here have kernels of
 * their own (kernels/unaryFunctions.h).
 */
const codes: { readonly [F in UnaryFunction]?: number } = { ...sameNames, tanh: hyperbolicTangent, log: logarithm };

/** A function with all that the kernel needs that several share; undefined for one with a kernel of its own. */
export function activationOf({ function: name, alpha }: UnaryAttributes): StructValues<"Activation"> | undefined {
  const code = codes[name];
  return code === undefined ? undefined : { code, alpha, low: Math.fround(alpha), high: Math.fround(1 - alpha) };
}

/**
 * Whether a function needs a launch of its own. Those that clip are not built into products, since no layer asks for them,
 * nor are those with kernels of their own: the call would make the registers of every product their longest code's.
 */
export function runsApart({ function: name }: UnaryAttributes): boolean {
  return name === "log" || name === "logit" || codes[name] === undefined;
}

/** Slope below 0 and cap of the functions that are straight lines. */
function linesOf(attributes: UnaryAttributes | undefined): { below: number; cap: number } | undefined {
  switch (attributes?.function) {
    case undefined:
      return { below: 1, cap: Infinity };
    case "relu":
      return { below: 0, cap: Infinity };
    case "relu6":
      return { below: 0, cap: 6 };
    case "leakyRelu":
      return { below: attributes.alpha, cap: Infinity };
    default:
      return undefined;
  }
}

/** A function as it runs behind a product; none is the identity. */
export function outputActivation(attributes: UnaryAttributes | undefined): StructValues<"OutputActivation"> {
  const lines = linesOf(attributes);
  return {
    below: lines?.below ?? 1,
    cap: lines?.cap ?? Infinity,
    curve: lines ? -1 : codes[attributes!.function]!,
    alpha: attributes?.alpha ?? 0,
  };
}

type Quadratic = readonly [constant: number, linear: number, square: number];

/** The derivative in the output y, above 0 and below, and where it ends; undefined for those of another form. */
export function quadraticsOf(attributes: UnaryAttributes | undefined): StructValues<"Quadratics"> | undefined {
  const { function: name, alpha } = attributes ?? { function: undefined, alpha: 0 };
  const one: Quadratic = [1, 0, 0];
  switch (name) {
    case undefined:
      return { above: one, below: one, cap: Infinity };
    case "relu":
      return { above: one, below: [0, 0, 0], cap: Infinity };
    case "relu6":
      return { above: one, below: [0, 0, 0], cap: 6 };
    case "leakyRelu":
      return { above: one, below: [alpha, 0, 0], cap: Infinity };
    case "elu":
      return { above: one, below: [alpha, 1, 0], cap: Infinity };
    case "sigmoid":
      return { above: [0, 1, -1], below: [0, 1, -1], cap: Infinity };
    case "tanh":
      return { above: [1, 0, -1], below: [1, 0, -1], cap: Infinity };
    default:
      return undefined;
  }
}
