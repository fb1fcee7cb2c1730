import { alignmentBytes } from "../backend/index.js";
import { type DType, dtypeBytes, type Shape, sizeOf, type TensorSpec, type Value } from "../ops/definition.js";
import type { CaseStep, Tolerance } from "../ops/opCase.js";
import { Graph, type GraphValue, packSteps, type StepTable } from "../plan/index.js";
import { seedKey } from "../random/index.js";
import type { TensorData } from "../tensor.js";

/** A tensor of an experiment in its place outside the arena. */
export interface PlacedTensor {
  readonly label: string;
  readonly shape: Shape;
  readonly buffer: string;
  /** In elements. */
  readonly offset: number;
  /** What it holds before the run; absent for outputs. */
  readonly data?: () => TensorData;
  /** How far it may be off after the run; absent for what the run must not change. */
  readonly tolerance?: Tolerance;
}

/** A number that every step reports. */
export interface ReportedScalar {
  readonly label: string;
  readonly value: Value;
  readonly tolerance: Tolerance;
}

/**
 * A graph whose inputs and outputs lie in buffers with unused elements around each tensor, so that whatever a kernel reads
 * or writes beside its tensors is noticed.
 */
export class Experiment {
  readonly graph: Graph = new Graph();
  readonly tensors: PlacedTensor[] = [];
  readonly results: ReportedScalar[] = [];
  steps: StepTable = packCaseSteps([{}]);
  /** Whether the backend's fused ops are used. */
  readonly fused: boolean;

  constructor({ fused }: { readonly fused: boolean }) {
    this.fused = fused;
  }

  /** A tensor that is read, and with a tolerance also updated. */
  input(label: string, { shape, dtype }: TensorSpec, data: () => TensorData, tolerance?: Tolerance): GraphValue {
    const buffer = `${tolerance ? "state" : "inputs"}.${dtype}`;
    const offset = this.#room(buffer, dtype, sizeOf(shape));
    this.tensors.push({ label, shape, buffer, offset, data: once(data), ...(tolerance ? { tolerance } : {}) });
    return this.graph.place(label, { shape, dtype }, buffer, offset);
  }

  /** Gives a computed tensor a place, so that it can be read after the run. */
  output(label: string, value: Value, tolerance: Tolerance): void {
    const buffer = `outputs.${value.dtype}`;
    const offset = this.#room(buffer, value.dtype, sizeOf(value.shape));
    this.tensors.push({ label, shape: value.shape, buffer, offset, tolerance });
    this.graph.bind(value, { buffer, offset });
  }

  /** Has every step report a number. */
  report(label: string, value: Value, tolerance: Tolerance): void {
    this.results.push({ label, value, tolerance });
  }

  /** Makes the buffer longer and returns where the new tensor starts: aligned, unused elements before and behind. */
  #room(buffer: string, dtype: DType, elements: number): number {
    const unit = alignmentBytes / dtypeBytes[dtype];
    const offset = this.graph.buffers.get(buffer)?.length ?? unit;
    const length = (Math.ceil((offset + elements) / unit) + 1) * unit;
    this.graph.declareBuffer(buffer, { dtype, length });
    return offset;
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A case's steps with the defaults filled in. */
export function packCaseSteps(steps: readonly CaseStep[]): StepTable {
  return packSteps(
    steps.map(({ iteration = 0, batchStart = 0, learningRate = 0.01, stepSize = 0.01, seed = 1, ...nadam }) => ({
      iteration,
      batchStart,
      learningRate,
      stepSize,
      seed: seedKey(seed),
      ...nadam,
    })),
  );
}
