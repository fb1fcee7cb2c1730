import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import type { Loss } from "../../losses/index.js";
import type { Metric } from "../../metrics/index.js";
import type { Optimizer } from "../../optimizers/index.js";
import type { Network } from "./network.js";
import type { ParameterLayout } from "./parameterLayout.js";

/** What `compile` was given, names resolved, and what it was given it for. */
export interface CompileSettings {
  readonly network: Network;
  readonly layout: ParameterLayout;
  readonly backend: Backend;
  readonly optimizer: Optimizer;
  readonly loss?: Loss;
  readonly metrics: readonly Metric[];
}

/** The loss. Throws `ArgumentError` where `compile` was given none. */
export function expectLoss({ loss }: CompileSettings): Loss {
  if (loss === undefined) {
    throw new ArgumentError(
      'compile was called without a loss; pass one, such as loss: "sparseCategoricalCrossentropy"',
    );
  }
  return loss;
}
