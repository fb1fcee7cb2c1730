import { attributesOf, matMulSizes } from "@convoy/core/backend";
import { launch } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";
import { suffixOf, tileGrid } from "./product/tiles.js";

/** A product of matrices; either may be stored transposed. */
export const matMul: OpKernel = {
  launches(op, context) {
    const [a, b] = op.inputs as [DeviceTensor, DeviceTensor];
    const attributes = attributesOf("matMul", op);
    const { M, N, K } = matMulSizes(a, b, attributes);
    const stored = `${attributes.transposeA ? "T" : "N"}${attributes.transposeB ? "T" : "N"}`;
    const kernel = `matMul${stored}${suffixOf(context)}`;
    return [launch("MATRIX_PRODUCT", tileGrid("Small", M, N), { a, b, y: op.outputs[0]!, M, N, K }, kernel)];
  },
};
