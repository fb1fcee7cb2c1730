import type { Backend } from "../../backend/index.js";
import type { Tensor } from "../../tensor.js";
import { isTensor, type TensorInput, toTensor } from "../../tensorInput.js";
import type { Layer } from "../layer.js";
import { referenceBackend } from "./augment.js";
import { LayersAlone } from "./layersAlone.js";
import { toLabels } from "./mixedLabels.js";

/** Augments the elements of a data set: batches [x, y, ...] and x alone, or single samples of these. */
export class ElementAugmentation {
  readonly #alone: LayersAlone;
  readonly #seed: number;

  /** @param isBefore as of `LayersAlone` */
  constructor(layers: readonly Layer[], seed: number, isBefore = false) {
    let backend: Promise<Backend> | undefined;
    const shared = async (): Promise<Backend> => {
      backend ??= referenceBackend();
      return await backend;
    };
    this.#alone = new LayersAlone(layers, shared, isBefore);
    this.#seed = seed;
  }

  /** @param iteration the training step that the element is for */
  async change(element: unknown, iteration: number): Promise<unknown> {
    if (!Array.isArray(element) || isNested(element)) {
      return (await this.#changed(element, undefined, iteration)).x;
    }
    const [first, second, ...others] = element;
    const { x, y } = await this.#changed(first, second, iteration);
    return element.length === 1 ? [x] : [x, y, ...others];
  }

  async #changed(first: unknown, second: unknown, iteration: number): Promise<{ x: Tensor; y: unknown }> {
    const images = toTensor("map: the images of an element", first as TensorInput);
    const single = images.shape.length === 3;
    const labels = isOneNumber(second) ? undefined : toLabels("map: the labels of an element", second as TensorInput);
    const samples = single ? { x: inBatch(images), y: labels && inBatch(labels) } : { x: images, y: labels };
    const { x, y } = await this.#alone.run(samples, this.#seed, iteration);
    return { x: single ? outOfBatch(x) : x, y: y && y !== samples.y ? (single ? outOfBatch(y) : y) : second };
  }
}

/** Whether labels are those of one sample: there is nothing to mix them with. */
function isOneNumber(labels: unknown): boolean {
  return typeof labels !== "object" || (isTensor(labels as TensorInput) && (labels as Tensor).shape.length === 0);
}

function isNested(value: readonly unknown[]): boolean {
  return typeof value[0] === "number" || (Array.isArray(value[0]) && isNested(value[0]));
}

function inBatch(tensor: Tensor): Tensor {
  return { ...tensor, shape: [1, ...tensor.shape] };
}

function outOfBatch(tensor: Tensor): Tensor {
  return { ...tensor, shape: tensor.shape.slice(1) };
}
