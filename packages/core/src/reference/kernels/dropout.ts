import { dropoutThreshold, firstElement, streamKey, streamWord } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/**
 * y[i] = word(i) >= threshold ? x[i] / (1 - rate) : 0, with the factor rounded to float32; [...] -> [...]
 *
 * An element is counted from the start of the whole batch, where this is a part of one.
 */
export const dropout: KernelOf<"dropout"> = ({ inputs: [input], outputs: [output], attributes, step }) => {
  const [x, y] = [input!.data, output!.data];
  const key = streamKey(step.seed, "dropout", attributes.instance);
  const threshold = dropoutThreshold(attributes.rate);
  const factor = Math.fround(1 / (1 - attributes.rate));
  const first = firstElement(attributes, input!.shape);
  for (let i = 0; i < y.length; i++) {
    y[i] = streamWord(key, step.iteration, first + i) >= threshold ? x[i]! * factor : 0;
  }
};

/** y[n,...,c] = word(n C + c) >= threshold ? x[n,...,c] / (1 - rate) : 0, the factor as above; [N,...,C] -> [N,...,C] */
export const channelDropout: KernelOf<"channelDropout"> = ({
  inputs: [input],
  outputs: [output],
  attributes,
  step,
}) => {
  const [x, y] = [input!.data, output!.data];
  const key = streamKey(step.seed, "dropout", attributes.instance);
  const threshold = dropoutThreshold(attributes.rate);
  const factor = Math.fround(1 / (1 - attributes.rate));
  const { firstRow = 0 } = attributes;
  const batch = input!.shape[0]!;
  const channels = input!.shape[input!.shape.length - 1]!;
  const sampleSize = y.length / batch;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const kept = streamWord(key, step.iteration, (firstRow + n) * channels + c) >= threshold;
      for (let i = n * sampleSize + c; i < (n + 1) * sampleSize; i += channels) {
        y[i] = kept ? x[i]! * factor : 0;
      }
    }
  }
};
