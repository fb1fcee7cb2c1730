import { expectCount } from "../checkOption.js";
import { formatShape, ShapeError } from "../errors.js";
import { lastAxis, rowsOf } from "../ops/checks.js";
import { commonFields } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { biasAndActivation, kernelWeight, type LinearOptions, linearOptions } from "./linear.js";
import { layerOptions } from "./options.js";
import { reshaped } from "./slices.js";

/** Settings of `dense`. */
export interface DenseOptions extends LinearOptions {
  /** Size of the output's last axis. */
  readonly units: number;
}

/**
 * Fully connected layer over the last axis: [N,...,C] to [N,...,units]. Kernel [C,units], bias [units]. Keras' `Dense`.
 * Throws `ArgumentError` for units below 1 or unknown names.
 */
export function dense(options: DenseOptions): Layer {
  layerOptions("dense", options, ["units", ...linearOptions], ["units"]);
  const units = expectCount("dense: units", options.units);
  const kernel = kernelWeight(options);
  const after = biasAndActivation(options);
  return defineLayer({
    className: "Dense",
    defaultName: "dense",
    ...commonFields(options),
    get config() {
      return { units, ...kernel.config("kernel"), ...after.config };
    },
    parameters(inputShape) {
      if (inputShape.length === 0) {
        throw new ShapeError(`dense expects samples [...,C], got ${formatShape(inputShape)}`);
      }
      return [kernel([lastAxis(inputShape), units]), ...after.parameters(units)];
    },
    apply(context) {
      const { graph, input, parameter } = context;
      const rows = reshaped(graph, input, [rowsOf(input.shape), lastAxis(input.shape)]);
      const attributes = { transposeA: false, transposeB: false };
      const [product] = graph.apply("matMul", [rows, parameter("kernel")], attributes);
      const output = reshaped(graph, after.addBias(context, product!), [...input.shape.slice(0, -1), units]);
      return after.activate(graph, output);
    },
  });
}
