import { type Classes, type CustomObjects, fromObjectConfig, type JsonValue } from "../config.js";
import { ArgumentError } from "../errors.js";
import { lookUp } from "../names.js";

/** A penalty on the size of a weight tensor w, added to the loss: sum of l1 |w| + l2 w^2. */
export interface Regularizer {
  readonly l1: number;
  readonly l2: number;
}

/** Values of a regularizer option. */
export type RegularizerName = "l1" | "l2" | "l1l2";

function regularizer(name: string, factors: Regularizer): Regularizer {
  for (const [key, factor] of Object.entries(factors)) {
    if (!(typeof factor === "number" && factor >= 0 && factor < Infinity)) {
      throw new ArgumentError(`${name}: ${key} is ${factor}, expected a number of at least 0`);
    }
  }
  return factors;
}

/** l1 times the sum of absolute values; default 0.01. Keras' `L1`. Throws `ArgumentError` for a factor below 0. */
export function l1(factors: { readonly l1?: number } = {}): Regularizer {
  return regularizer("l1", { l1: factors.l1 ?? 0.01, l2: 0 });
}

/** l2 times the sum of squares; default 0.01. Keras' `L2`. Throws `ArgumentError` for a factor below 0. */
export function l2(factors: { readonly l2?: number } = {}): Regularizer {
  return regularizer("l2", { l1: 0, l2: factors.l2 ?? 0.01 });
}

/** Both; each default 0, as in Keras' `L1L2`. Throws `ArgumentError` for a factor below 0. */
export function l1l2(factors: { readonly l1?: number; readonly l2?: number } = {}): Regularizer {
  return regularizer("l1l2", { l1: factors.l1 ?? 0, l2: factors.l2 ?? 0 });
}

const named: { readonly [N in RegularizerName]: () => Regularizer } = { l1, l2, l1l2 };

/** The regularizer behind an option. Throws `ArgumentError` for an unknown name. */
export function resolveRegularizer(option: RegularizerName | Regularizer): Regularizer {
  return typeof option === "string" ? lookUp("regularizer", option, named)() : regularizer("regularizer", option);
}

/** A regularizer as plain JSON. */
export function regularizerConfig({ l1, l2 }: Regularizer): { className: string; config: { l1: number; l2: number } } {
  return { className: "L1L2", config: { l1, l2 } };
}

const classes: Classes<Regularizer> = { L1: l1, L2: l2, L1L2: l1l2 };

/** A regularizer from its plain JSON. Throws `ArgumentError` for an unknown class. */
export function regularizerFromConfig(what: string, value: JsonValue, customObjects: CustomObjects): Regularizer {
  return fromObjectConfig(what, value, classes, customObjects);
}
