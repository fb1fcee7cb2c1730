import type { OpAttributes, UnaryFunction } from "@convoy/core/backend";
import type { Arguments } from "./arguments.js";

type UnaryAttributes = OpAttributes["unary"];

/** ActivationCode of kernels/activation.h. */
const codes: { readonly [F in UnaryFunction]: number } = {
  relu: 0,
  relu6: 1,
  leakyRelu: 2,
  elu: 3,
  sigmoid: 4,
  tanh: 5,
  log: 6,
  logit: 7,
};

/** Adds an `Activation`. */
export function packActivation(to: Arguments, { function: name, alpha }: UnaryAttributes): void {
  to.int(codes[name]).float(alpha, Math.fround(alpha), Math.fround(1 - alpha));
}

/** Functions that the kernels of products have not: they clip, which layers do not ask for. */
export function runsApart({ function: name }: UnaryAttributes): boolean {
  return name === "log" || name === "logit";
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

/** Adds an `OutputActivation`. */
export function packOutputActivation(to: Arguments, attributes: UnaryAttributes | undefined): void {
  const lines = linesOf(attributes);
  to.float(lines?.below ?? 1, lines?.cap ?? Infinity)
    .int(lines ? -1 : codes[attributes!.function])
    .float(attributes?.alpha ?? 0);
}

type Quadratic = readonly [constant: number, linear: number, square: number];

/** The derivative in the output y, above 0 and below, and where it ends; undefined for log and logit. */
export function quadraticsOf(
  attributes: UnaryAttributes | undefined,
): { above: Quadratic; below: Quadratic; cap: number } | undefined {
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

/** Adds a `Quadratics`. */
export function packQuadratics(to: Arguments, attributes: UnaryAttributes | undefined): void {
  const { above, below, cap } = quadraticsOf(attributes)!;
  to.float(...above, ...below, cap);
}
