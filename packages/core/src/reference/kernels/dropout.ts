import { dropoutThreshold, streamKey, streamWord, threefry2x32 } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/**
 * y[i] = word(i) >= threshold ? x[i] / (1 - rate) : 0, with the factor rounded to float32; [...] -> [...]
 *
 * Words come in pairs: words 2j and 2j + 1 are the two halves of one encrypted counter (j, iteration).
 */
export const dropout: KernelOf<"dropout"> = ({ inputs: [input], outputs: [output], attributes, step }) => {
  const [x, y] = [input!.data, output!.data];
  const key = streamKey(step.seed, "dropout", attributes.instance);
  const threshold = dropoutThreshold(attributes.rate);
  const factor = Math.fround(1 / (1 - attributes.rate));
  for (let i = 0; i < y.length; i += 2) {
    const [even, odd] = threefry2x32(key, [i / 2, step.iteration]);
    y[i] = even >= threshold ? x[i]! * factor : 0;
    if (i + 1 < y.length) {
      y[i + 1] = odd >= threshold ? x[i + 1]! * factor : 0;
    }
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
  const batch = input!.shape[0]!;
  const channels = input!.shape[input!.shape.length - 1]!;
  const sampleSize = y.length / batch;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const kept = streamWord(key, step.iteration, n * channels + c) >= threshold;
      for (let i = n * sampleSize + c; i < (n + 1) * sampleSize; i += channels) {
        y[i] = kept ? x[i]! * factor : 0;
      }
    }
  }
};
