import { bufferNames, isLaidOut } from "../../model/declare/bufferNames.js";
import type { PlanValue } from "../../plan/index.js";
import type { TensorData } from "../../tensor.js";
import { type ComparisonTolerance, compareTensors } from "./compareTensors.js";
import type { ModelStep } from "./modelStep.js";
import { coordinates, placeInParameters } from "./places.js";
import type { StepDifference } from "./planComparison.js";
import { type HostMemory, type PlanOutcome, tensorIn } from "./runOps.js";

/** Buffers in which a difference says most, first. */
const order: readonly string[] = [bufferNames.gradients, bufferNames.predictions];

/**
 * The first difference between what a whole step left behind and what its ops did one by one on the same backend; undefined
 * where there is none.
 * @param values those of the isolated plan, by id
 */
export function compareWholeStep(
  { plan, layout }: ModelStep,
  whole: PlanOutcome,
  apart: HostMemory,
  values: ReadonlyMap<number, PlanValue>,
  tolerance: Required<ComparisonTolerance>,
): StepDifference | undefined {
  const results = plan.results.map((id) => values.get(id)!);
  const expected = Float32Array.from(results, (value) => tensorIn(apart, value)[0]!);
  // Sums of different things: each is compared with itself alone.
  for (const [at, { label }] of results.entries()) {
    const result = (data: Float32Array): Float32Array => data.subarray(at, at + 1);
    const difference = compareBuffer("results", result(expected), result(whole.results), tolerance);
    if (difference !== undefined) {
      return { ...difference, value: label };
    }
  }
  const names = [...new Set([...order, ...Object.keys(plan.buffers)])].filter((name) => name in plan.buffers);
  for (const name of names) {
    const difference = compareBuffer(name, apart.get(name)!, whole.memory.get(name)!, tolerance);
    if (difference !== undefined) {
      const place = isLaidOut(name) ? placeInParameters(layout, difference.index[0]!) : undefined;
      return { ...difference, ...(place ? { value: place.value, index: place.index } : {}) };
    }
  }
  return undefined;
}

function compareBuffer(
  buffer: string,
  apart: TensorData,
  whole: TensorData,
  tolerance: Required<ComparisonTolerance>,
): StepDifference | undefined {
  const { first, allowed, differing } = compareTensors(apart, whole, tolerance);
  return first === undefined
    ? undefined
    : {
        ...{ buffer, value: buffer, index: coordinates(first, [apart.length]) },
        ...{ whole: whole[first]!, apart: apart[first]!, allowed, differing },
      };
}
