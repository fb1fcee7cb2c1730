import { type DType, sizeOf } from "../ops/definition.js";
import type { CaseInput } from "../ops/opCase.js";
import { typedArrays } from "../plan/index.js";
import { permutation, RandomStream } from "../random/index.js";
import type { TensorData } from "../tensor.js";

/** The stream of one tensor of a case: a function of their names alone, so adding a case moves no other. */
export function caseStream(name: string, tensor: number): RandomStream {
  // FNV-1a, 32 bits.
  let seed = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    seed = Math.imul(seed ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  return new RandomStream(seed, "test", tensor);
}

/** The numbers of one input, from its stream. */
export function fillTensor({ shape, dtype, fill }: CaseInput, stream: RandomStream): TensorData {
  const size = sizeOf(shape);
  const classes = shape[shape.length - 1] as number;
  switch (fill.kind) {
    case "normal":
      return drawn(dtype, size, () => fill.mean + fill.deviation * stream.normal());
    case "uniform":
      return drawn(dtype, size, () => stream.uniformBetween(fill.low, fill.high));
    case "integers":
      return drawn(dtype, size, () => fill.low + integerBelow(fill.high - fill.low + 1, stream));
    case "choice":
      return drawn(dtype, size, () => fill.values[Math.floor(stream.uniform() * fill.values.length)]!);
    case "given":
      return drawn(dtype, size, (index) => fill.values[index]!);
    case "permutation":
      return permutation(size, stream);
    case "oneHot": {
      const hot = Array.from({ length: size / classes }, () => Math.floor(stream.uniform() * classes));
      return drawn(dtype, size, (index) => Number(index % classes === hot[Math.floor(index / classes)]));
    }
    case "distribution": {
      const raw = Array.from({ length: size }, () => 0.05 + stream.uniform());
      const sums = Array.from({ length: size / classes }, (_, row) =>
        raw.slice(row * classes, (row + 1) * classes).reduce((sum, value) => sum + value, 0),
      );
      return drawn(dtype, size, (index) => raw[index]! / sums[Math.floor(index / classes)]!);
    }
  }
}

/** Uniform numbers have 24 bits: beyond that the low bits would all be 0. */
function integerBelow(limit: number, stream: RandomStream): number {
  return limit <= 2 ** 24 ? Math.floor(stream.uniform() * limit) : stream.integerBelow(limit);
}

function drawn(dtype: DType, size: number, next: (index: number) => number): TensorData {
  const data = new typedArrays[dtype](size);
  for (let index = 0; index < size; index++) {
    data[index] = next(index);
  }
  return data;
}
