import type { Tensor } from "../tensor.js";

/** Images with their classes, ready for `fit` and `evaluate`. */
export interface LabelledImages {
  /** [N, H, W, C] bytes, 0 to 255; `scale` 1/255 brings them to [0, 1] as they enter a model. */
  readonly images: Tensor<Uint8Array>;
  /** [N] classes, counted from 0. */
  readonly labels: Tensor<Int32Array>;
}
