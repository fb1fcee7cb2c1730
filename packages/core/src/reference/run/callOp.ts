import {
  type DType,
  type KernelName,
  type OpAttributes,
  ops,
  type StepValues,
  sizeOf,
  type Tensor,
  type TensorData,
  typedArrays,
} from "../../backend/index.js";
import { kernels } from "../kernels/index.js";
import type { Kernel } from "../kernels/kernel.js";

const noStep: StepValues = { iteration: 0, batchStart: 0, learningRate: 0, stepSize: 0, seed: [0, 0] };

/**
 * One op on host arrays, without a plan: returns its outputs; inputs that it updates are overwritten. Where an input is a
 * Float64Array, so are float32 outputs. Throws `ShapeError` where the inputs do not fit.
 */
export function callReferenceOp<N extends KernelName>(
  op: N,
  tensors: readonly Tensor[],
  attributes: OpAttributes[N],
  step: StepValues = noStep,
): Tensor[] {
  const inputs = tensors.map(({ shape, data }) => ({ shape, data, dtype: dtypeOf(data) }));
  const wide = inputs.some(({ data }) => data instanceof Float64Array);
  const outputs = ops[op].inferOutputs(inputs, attributes).map(({ shape, dtype }) => {
    const TypedArray = wide && dtype === "float32" ? Float64Array : typedArrays[dtype];
    return { shape, dtype, data: new TypedArray(sizeOf(shape)) };
  });
  (kernels[op] as Kernel<OpAttributes[N]>)({ inputs, outputs, attributes, step });
  return outputs.map(({ shape, data }) => ({ shape, data }));
}

function dtypeOf(data: TensorData): DType {
  return data instanceof Int32Array ? "int32" : data instanceof Uint8Array ? "uint8" : "float32";
}
