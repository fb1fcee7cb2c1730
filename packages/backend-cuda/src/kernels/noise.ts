import { attributesOf, firstElement, sizeOf, streamPurposes } from "@convoy/core/backend";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

/** Both draw the same numbers and take the same arguments. */
function noiseKernel(name: "gaussianNoise" | "gaussianDropout"): OpKernel {
  return {
    launches(op, { multiprocessors, stepTable, stepState }) {
      const attributes = attributesOf(name, op);
      const y = op.outputs[0]!;
      const count = sizeOf(y.shape);
      return [
        launch(name, [sharedBlocksFor(count, multiprocessors), 1], {
          x: op.inputs[0]!,
          y,
          table: stepTable,
          state: stepState,
          purpose: streamPurposes.noise,
          instance: attributes.instance,
          first: firstElement(attributes, y.shape) % 2 ** 32,
          deviation: attributes.stddev,
          count,
        }),
      ];
    },
  };
}

export const gaussianNoise: OpKernel = noiseKernel("gaussianNoise");

export const gaussianDropout: OpKernel = noiseKernel("gaussianDropout");
