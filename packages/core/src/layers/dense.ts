import { expectCount } from "../checkOption.js";
import { formatShape, ShapeError } from "../errors.js";
import { type Initializer, type InitializerName, resolveInitializer } from "../initializers/index.js";
import { lastAxis, rowsOf } from "../ops/checks.js";
import { type Activation, resolveActivation } from "./activationFunction.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";

export interface DenseOptions extends LayerOptions {
  /** Size of the output's last axis. */
  readonly units: number;
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerName | Initializer;
}

/**
 * Fully connected layer over the last axis: [N,...,C] to [N,...,units]. Kernel [C,units], bias [units]. Keras' `Dense`.
 * Throws `ArgumentError` for units below 1 or unknown names.
 */
export function dense(options: DenseOptions): Layer {
  const units = expectCount("dense: units", options.units);
  const activate = resolveActivation(options.activation ?? "linear");
  const useBias = options.useBias ?? true;
  const kernelInitializer = resolveInitializer(options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = resolveInitializer(options.biasInitializer ?? "zeros");
  return defineLayer({
    className: "Dense",
    defaultName: "dense",
    ...commonFields(options),
    parameters(inputShape) {
      if (inputShape.length === 0) {
        throw new ShapeError(`dense expects samples [...,C], got ${formatShape(inputShape)}`);
      }
      const kernel = { name: "kernel", shape: [lastAxis(inputShape), units], initializer: kernelInitializer };
      return useBias ? [kernel, { name: "bias", shape: [units], initializer: biasInitializer }] : [kernel];
    },
    apply({ graph, input, parameter }) {
      const isMatrix = input.shape.length === 2;
      const rows = isMatrix
        ? input
        : graph.apply("reshape", [input], { shape: [rowsOf(input.shape), lastAxis(input.shape)] })[0]!;
      let [output] = graph.apply("matMul", [rows, parameter("kernel")], { transposeA: false, transposeB: false });
      if (useBias) {
        [output] = graph.apply("biasAdd", [output!, parameter("bias")], {});
      }
      if (!isMatrix) {
        [output] = graph.apply("reshape", [output!], { shape: [...input.shape.slice(0, -1), units] });
      }
      return activate(graph, output!);
    },
  });
}
