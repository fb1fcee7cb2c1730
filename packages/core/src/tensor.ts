/** The arrays that numbers come in. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Numbers with a shape, in row-major order. What a user hands in and gets back. */
export interface Tensor<D extends TensorData = TensorData> {
  readonly data: D;
  /** Sizes, outermost first: [N, H, W, C] for images. */
  readonly shape: readonly number[];
  /**
   * What each number is multiplied with when it enters a model; 1 when absent. Lets images stay bytes (scale 1/255) until
   * the device gathers a batch.
   */
  readonly scale?: number;
}
