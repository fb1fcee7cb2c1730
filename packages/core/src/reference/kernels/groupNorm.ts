import type { Shape } from "../../backend/index.js";
import type { KernelOf } from "./kernel.js";

/** Where the numbers of each group of each sample are. */
class Groups {
  readonly channels: number;
  /** Statistics are numbered n * groups + g. */
  readonly count: number;
  /** Numbers in a group of one sample. */
  readonly size: number;
  readonly #groups: number;
  readonly #positions: number;
  readonly #channelsInGroup: number;

  /** Of a tensor [N,...,C]. */
  constructor(shape: Shape, groups: number) {
    this.channels = shape[shape.length - 1]!;
    this.count = shape[0]! * groups;
    this.#groups = groups;
    this.#positions = shape.slice(1, -1).reduce((product, length) => product * length, 1);
    this.#channelsInGroup = this.channels / groups;
    this.size = this.#positions * this.#channelsInGroup;
  }

  /** Calls `visit` with the index and the channel of every number of a group. */
  each(group: number, visit: (index: number, channel: number) => void): void {
    const first = (group % this.#groups) * this.#channelsInGroup;
    const sample = Math.floor(group / this.#groups) * this.#positions;
    for (let position = 0; position < this.#positions; position++) {
      for (let c = first; c < first + this.#channelsInGroup; c++) {
        visit((sample + position) * this.channels + c, c);
      }
    }
  }
}

/**
 * mean[n,g] and variance[n,g] over everything of sample n in group g; y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * input [N,...,C], gamma [C] with scale, beta [C] with center -> [N,...,C], mean [N,groups], variance [N,groups]
 */
export const groupNorm: KernelOf<"groupNorm"> = ({ inputs: [input, ...vectors], outputs, attributes }) => {
  const [x, y] = [input!.data, outputs[0]!.data];
  const gamma = attributes.scale ? vectors[0]!.data : undefined;
  const beta = attributes.center ? vectors.at(-1)!.data : undefined;
  const groups = new Groups(input!.shape, attributes.groups);
  for (let g = 0; g < groups.count; g++) {
    let sum = 0;
    groups.each(g, (i) => {
      sum += x[i]!;
    });
    const mean = sum / groups.size;
    let squares = 0;
    groups.each(g, (i) => {
      squares += (x[i]! - mean) ** 2;
    });
    const variance = squares / groups.size;
    const inverse = 1 / Math.sqrt(variance + attributes.epsilon);
    groups.each(g, (i, c) => {
      y[i] = (x[i]! - mean) * inverse * (gamma?.[c] ?? 1) + (beta?.[c] ?? 0);
    });
    outputs[1]!.data[g] = mean;
    outputs[2]!.data[g] = variance;
  }
};

/**
 * scaleGradient[c] = sum over samples and positions of dy (x - mean) / sqrt(variance + epsilon); offsetGradient[c] = sum of dy
 *
 * outputGradient [N,...,C], input [N,...,C], mean [N,groups], variance [N,groups] -> [C], [C]
 */
export const groupNormBackwardSums: KernelOf<"groupNormBackwardSums"> = ({ inputs, outputs, attributes }) => {
  const [dy, x, mean, variance] = inputs.map(({ data }) => data);
  const groups = new Groups(inputs[1]!.shape, attributes.groups);
  const scaleGradient = new Float64Array(groups.channels);
  const offsetGradient = new Float64Array(groups.channels);
  for (let g = 0; g < groups.count; g++) {
    const inverse = 1 / Math.sqrt(variance![g]! + attributes.epsilon);
    groups.each(g, (i, c) => {
      scaleGradient[c] = scaleGradient[c]! + dy![i]! * (x![i]! - mean![g]!) * inverse;
      offsetGradient[c] = offsetGradient[c]! + dy![i]!;
    });
  }
  outputs[0]!.data.set(scaleGradient);
  outputs[1]!.data.set(offsetGradient);
};

/**
 * With d = gamma dy, xhat = (x - mean) / sqrt(variance + epsilon) and averages over the group:
 * dx = (d - average(d) - xhat average(d xhat)) / sqrt(variance + epsilon)
 *
 * outputGradient [N,...,C], input [N,...,C], mean [N,groups], variance [N,groups], gamma [C] with scale -> [N,...,C]
 */
export const groupNormBackwardInput: KernelOf<"groupNormBackwardInput"> = ({ inputs, outputs, attributes }) => {
  const [dy, x, mean, variance, gamma] = inputs.map(({ data }) => data);
  const dx = outputs[0]!.data;
  const groups = new Groups(inputs[1]!.shape, attributes.groups);
  for (let g = 0; g < groups.count; g++) {
    const inverse = 1 / Math.sqrt(variance![g]! + attributes.epsilon);
    let sum = 0;
    let products = 0;
    groups.each(g, (i, c) => {
      const d = dy![i]! * (gamma?.[c] ?? 1);
      sum += d;
      products += d * (x![i]! - mean![g]!) * inverse;
    });
    const [offset, slope] = [sum / groups.size, products / groups.size];
    groups.each(g, (i, c) => {
      const d = dy![i]! * (gamma?.[c] ?? 1);
      dx[i] = (d - offset - (x![i]! - mean![g]!) * inverse * slope) * inverse;
    });
  }
};
