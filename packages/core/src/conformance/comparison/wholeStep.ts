import { bufferNames, isLaidOut, isPrediction } from "../../model/declare/bufferNames.js";
import type { PlanValue } from "../../plan/index.js";
import type { TensorData } from "../../tensor.js";
import { type ComparisonTolerance, compareTensors } from "./compareTensors.js";
import type { ModelStep } from "./modelStep.js";
import { coordinates, placeInParameters } from "./places.js";
import type { StepDifference } from "./planComparison.js";
import { type HostMemory, type PlanOutcome, tensorIn } from "./runOps.js";

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
  // Gradients and predictions first, where a difference says most.
  const names = Object.keys(plan.buffers).toSorted((a, b) => Number(saysMost(b)) - Number(saysMost(a)));
  for (const name of names) {
    const difference = compareBuffer(name, apart.get(name)!, whole.memory.get(name)!, tolerance);
    if (difference !== undefined) {
      const place = isLaidOut(name) ? placeInParameters(layout, difference.index[0]!) : undefined;
      return { ...difference, ...(place ? { value: place.value, index: place.index } : {}) };
    }
  }
  return undefined;
}

function saysMost(buffer: string): boolean {
  return buffer === bufferNames.gradients || isPrediction(buffer);
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
