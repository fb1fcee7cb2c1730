import { ArgumentError, DataError, formatShape, ShapeError } from "../errors.js";
import { permutation, RandomStream } from "../random/index.js";
import type { Tensor, TensorData } from "../tensor.js";
import { type Labels, labelValues } from "./toCategorical.js";

/** Settings of `trainTestSplit`; names and defaults are those of scikit-learn's `train_test_split`. */
export interface TrainTestSplitOptions {
  /** A fraction of the samples, above 0 and below 1 (rounded up), or a number of samples; default 0.25. */
  readonly testSize?: number | undefined;
  /** Integer from 0 to 2^53 - 1; default 0. The same seed gives the same split. */
  readonly seed?: number | undefined;
  /** Default true. Without it the test set is the last samples, everything in its order. */
  readonly shuffle?: boolean | undefined;
  /** N labels whose proportions both parts keep, usually `data.labels`. Needs `shuffle`. */
  readonly stratify?: Labels | undefined;
}

/** Tensors by name, such as `{ images, labels }`. */
export type TensorsByName<T> = { readonly [K in keyof T]: Tensor };

/** Instances of the shuffle stream: 0 is the order of the samples; class c is drawn in the order of instance c + 1. */
const ORDER_INSTANCE = 0;

/**
 * Splits samples at random into a training and a test set. All tensors are split alike along their first axis and keep
 * their names, kinds and scales; their rows are copied.
 *
 *     const { train, test } = trainTestSplit({ images, labels }, { testSize: 0.2, stratify: labels });
 *
 * @param data tensors of N samples each, under any names: `{ images, labels }`, `{ x, y }`, ...
 * @returns `train` and `test`, each with the names of `data`; at least one sample in each
 * @throws ShapeError when the tensors differ in N, or a tensor's data does not fill its shape
 * @throws ArgumentError for a bad `testSize` or `seed`, an empty part, or `stratify` without `shuffle`
 * @throws DataError when `stratify` has a class of one sample, or more classes than one of the parts has samples
 */
export function trainTestSplit<T extends TensorsByName<T>>(
  data: T,
  options: TrainTestSplitOptions = {},
): { train: T; test: T } {
  const { testSize = 0.25, seed = 0, shuffle = true, stratify } = options;
  if (!Number.isInteger(seed) || seed < 0 || seed > Number.MAX_SAFE_INTEGER) {
    throw new ArgumentError(`trainTestSplit: seed is ${seed}, expected an integer from 0 to 2^53 - 1`);
  }
  const samples = commonSampleCount(Object.entries<Tensor>(data));
  const testCount = testSampleCount(testSize, samples);
  let order: Int32Array;
  if (!shuffle) {
    if (stratify !== undefined) {
      throw new ArgumentError("trainTestSplit: stratify needs shuffle: true; leave out one of the two");
    }
    order = Int32Array.from({ length: samples }, (_, index) => index);
  } else if (stratify === undefined) {
    order = permutation(samples, new RandomStream(seed, "shuffle", ORDER_INSTANCE));
  } else {
    order = stratifiedOrder(labelValues(stratify, "trainTestSplit: stratify"), samples, testCount, seed);
  }
  const trainRows = order.subarray(0, samples - testCount);
  const testRows = order.subarray(samples - testCount);
  return { train: takeRows(data, trainRows), test: takeRows(data, testRows) };
}

function commonSampleCount(tensors: readonly (readonly [string, Tensor])[]): number {
  const [first] = tensors;
  if (first === undefined) {
    throw new ArgumentError("trainTestSplit: data holds no tensors; pass { images, labels }");
  }
  for (const [name, { data: numbers, shape }] of tensors) {
    const expected = shape.reduce((product, size) => product * size, 1);
    if (shape.length === 0 || numbers.length !== expected) {
      throw new ShapeError(
        `trainTestSplit: "${name}" holds ${numbers.length} numbers, but its shape is ${formatShape(shape)}`,
      );
    }
    if (shape[0] !== first[1].shape[0]) {
      throw new ShapeError(
        `trainTestSplit: "${first[0]}" has ${first[1].shape[0]} samples, but "${name}" has ${shape[0]}; every tensor needs one row a sample`,
      );
    }
  }
  return first[1].shape[0] as number;
}

function testSampleCount(testSize: number, samples: number): number {
  const isFraction = testSize > 0 && testSize < 1;
  if (!isFraction && !(Number.isInteger(testSize) && testSize >= 1)) {
    throw new ArgumentError(
      `trainTestSplit: testSize is ${testSize}, expected a fraction above 0 and below 1, or a number of samples`,
    );
  }
  const count = isFraction ? Math.ceil(testSize * samples) : testSize;
  if (count >= samples) {
    throw new ArgumentError(
      `trainTestSplit: testSize ${testSize} takes ${count} of ${samples} samples for the test set, which leaves none to train on`,
    );
  }
  return count;
}

/** Training samples, then test samples, each part in random order and with the classes in the proportions of the whole. */
function stratifiedOrder(labels: ArrayLike<number>, samples: number, testCount: number, seed: number): Int32Array {
  if (labels.length !== samples) {
    throw new ShapeError(
      `trainTestSplit: stratify has ${labels.length} labels for ${samples} samples; it needs one each`,
    );
  }
  const members = new Map<number, number[]>();
  for (let sample = 0; sample < samples; sample++) {
    const label = labels[sample] as number;
    const known = members.get(label);
    if (known === undefined) {
      members.set(label, [sample]);
    } else {
      known.push(sample);
    }
  }
  const classes = [...members].sort(([a], [b]) => a - b);
  const lonely = classes.find(([, { length }]) => length < 2);
  if (lonely !== undefined) {
    throw new DataError(
      `trainTestSplit: stratify has one sample of class ${lonely[0]}, expected at least 2 of each class`,
    );
  }
  if (Math.min(testCount, samples - testCount) < classes.length) {
    throw new DataError(
      `trainTestSplit: stratify has ${classes.length} classes, but the parts have ${samples - testCount} and ${testCount} samples, too few for one of each class; change testSize`,
    );
  }
  const sizes = classes.map(([, { length }]) => length);
  const shares = proportionalShares(sizes, testCount);
  const train: number[] = [];
  const test: number[] = [];
  classes.forEach(([, rows], position) => {
    const share = shares[position] as number;
    const order = permutation(rows.length, new RandomStream(seed, "shuffle", position + 1));
    order.forEach((row, rank) => {
      (rank < share ? test : train).push(rows[row] as number);
    });
  });
  const trainOrder = permutation(train.length, new RandomStream(seed, "shuffle", ORDER_INSTANCE, 0));
  const testOrder = permutation(test.length, new RandomStream(seed, "shuffle", ORDER_INSTANCE, 1));
  return Int32Array.from([
    ...Array.from(trainOrder, (index) => train[index] as number),
    ...Array.from(testOrder, (index) => test[index] as number),
  ]);
}

/** `total` split in proportion to `sizes`, each share rounded down and the rest given to the largest remainders. */
function proportionalShares(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size * total) / all);
  const shares = exact.map(Math.floor);
  const byRemainder = sizes.map((_, index) => index).sort((a, b) => remainder(exact[b]) - remainder(exact[a]) || a - b);
  const left = total - shares.reduce((sum, share) => sum + share, 0);
  for (const index of byRemainder.slice(0, left)) {
    shares[index] = (shares[index] as number) + 1;
  }
  return shares;
}

function remainder(share = 0): number {
  return share - Math.floor(share);
}

function takeRows<T extends TensorsByName<T>>(data: T, rows: Int32Array): T {
  const entries = Object.entries<Tensor>(data).map(([name, tensor]) => [name, takeTensorRows(tensor, rows)]);
  return Object.fromEntries(entries) as T;
}

function takeTensorRows(tensor: Tensor, rows: Int32Array): Tensor {
  const [samples, ...rowShape] = tensor.shape as [number, ...number[]];
  const rowLength = samples === 0 ? 0 : tensor.data.length / samples;
  const data = tensor.data.slice(0, rows.length * rowLength) as TensorData;
  rows.forEach((row, position) => {
    data.set(tensor.data.subarray(row * rowLength, (row + 1) * rowLength), position * rowLength);
  });
  return { ...tensor, data, shape: [rows.length, ...rowShape] };
}
