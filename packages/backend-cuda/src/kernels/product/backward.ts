import { attributesOf, type OpInstance, type TensorSpec } from "@convoy/core/backend";
import { quadraticsOf } from "../activation.js";
import { type Launch, launch } from "../launch.js";
import type { DeviceTensor, LaunchContext, OpKernel } from "../opKernel.js";
import { type Backward, geometryOf } from "./backwardGeometry.js";
import { convolutionShape } from "./convolutionShape.js";
import { suffixOf } from "./tiles.js";

/** An op whose tensors are of type `T`. */
export interface OpOver<T extends TensorSpec> extends OpInstance {
  readonly inputs: readonly T[];
  readonly outputs: readonly T[];
  readonly parts?: readonly OpOver<T>[];
}

/** The kernel of an op that `read` says the meaning of. */
export function backwardKernel(
  read: <T extends TensorSpec>(op: OpOver<T>) => Backward<T>,
  supports?: (op: OpInstance) => true | string,
): OpKernel {
  return {
    ...(supports ? { supports } : {}),
    workspaceBytes(op, target) {
      const { splits, parameterRows, sizes } = geometryOf(read(op), target);
      return splits > 1 ? splits * parameterRows * sizes.F * 4 : 0;
    },
    launches: (op, context) => [backwardLaunch(read<DeviceTensor>(op), op.workspace, context)],
  };
}

/** Where the gradient comes from: `inner`, or with an activation what goes through that. */
export function activationBackward<T extends TensorSpec>(
  activation: OpOver<T> | undefined,
  inner: T,
): Pick<Backward<T>, "gradient" | "unary" | "output"> {
  return {
    gradient: activation?.inputs[0] ?? inner,
    unary: activation && attributesOf("unaryBackward", activation),
    output: activation?.inputs[1],
  };
}

/** True, or the reason why an activation's derivative is not available inside the kernels. */
export function derivativeFits(activation: OpInstance | undefined): true | string {
  const attributes = activation && attributesOf("unaryBackward", activation);
  return quadraticsOf(attributes) !== undefined || `the fused gradients have no ${attributes!.function}`;
}

function backwardLaunch(
  backward: Backward<DeviceTensor>,
  workspace: DeviceTensor | undefined,
  context: LaunchContext,
): Launch {
  const geometry = geometryOf(backward, context);
  const { sizes, inputGrid, kernelGrid, splits, splitLength } = geometry;
  const kernelTiles = kernelGrid[0] * kernelGrid[1];
  const kernel =
    `conv2dBackward${sizes.pooled ? "Unpool" : ""}` + `${geometry.inputTile}${geometry.kernelTile}${suffixOf(context)}`;
  return launch(
    "BACKWARD",
    [inputGrid[0] * inputGrid[1] + kernelTiles * splits, 1],
    {
      from: {
        x: backward.input,
        kernel: backward.kernel,
        gradient: backward.gradient,
        output: backward.output,
        argmax: backward.argmax,
      },
      to: {
        dx: backward.inputGradient,
        dk: backward.kernelGradient,
        db: backward.biasGradient,
        partial: splits > 1 ? workspace : undefined,
        counters: splits > 1 ? context.scratch(kernelTiles * 4) : undefined,
      },
      shape: convolutionShape(sizes),
      activation: quadraticsOf(backward.unary)!,
      grid: {
        inputRows: inputGrid[0],
        inputColumns: inputGrid[1],
        kernelRows: kernelGrid[0],
        kernelColumns: kernelGrid[1],
        splits,
        splitLength,
        patchRows: geometry.kernelRows,
        parameterRows: geometry.parameterRows,
      },
    },
    kernel,
  );
}
