import * as initializers from "../initializers/index.js";
import { commonFields, type LayerOptions } from "../layers/definition.js";
import { defineLayer, type Layer } from "../layers/index.js";

/**
 * A layer with a weight of its own keeping, in ops that every backend has: y = x + centre + shift over the last axis. `shift`
 * is trained; `centre` follows minus the mean of x by a step in place after it was read, centre -= stepSize * sum(x + centre).
 */
export function runningCentre(options: LayerOptions = {}): Layer {
  return defineLayer({
    className: "RunningCentre",
    defaultName: "running_centre",
    ...commonFields(options),
    parameters(inputShape) {
      const shape = inputShape.slice(-1);
      return [
        { name: "shift", shape, initializer: initializers.constant(0.25) },
        { name: "centre", shape, initializer: initializers.constant(0), trainable: false },
      ];
    },
    apply({ graph, input, parameter, training, frozen }) {
      const [centred] = graph.apply("biasAdd", [input, parameter("centre")], {});
      if (training && !frozen) {
        const [sum] = graph.apply("biasAddBackward", [centred!], {});
        graph.apply("sgdUpdate", [parameter("centre"), sum!], { momentum: 0, nesterov: false });
      }
      return graph.apply("biasAdd", [centred!, parameter("shift")], {})[0]!;
    },
  });
}
