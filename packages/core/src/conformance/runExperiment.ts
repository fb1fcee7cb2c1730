import type { Backend } from "../backend/index.js";
import { reference } from "../reference/index.js";
import type { TensorData } from "../tensor.js";
import { expectClose, expectIdentical } from "./compare.js";
import type { Experiment } from "./experiment.js";
import { ConformanceFailure } from "./failure.js";
import { Trial, tensorOf } from "./trial.js";

/** What a run left behind. */
interface Observation {
  readonly contents: ReadonlyMap<string, TensorData>;
  readonly results: Float32Array;
}

/** NaN as float32, -1 as int32: whatever is read that should not be shows. */
const firstGarbage = 0xff;
/** 3.4e38 as float32: whatever depends on old content gives another number in the second run. */
const secondGarbage = 0x7f;

let referenceBackend: Promise<Backend> | undefined;

/**
 * Runs an experiment twice on `backend`, over memory full of garbage, and compares everything that it wrote with the
 * reference. Throws `ConformanceFailure` at the first difference.
 */
export async function runExperiment(backend: Backend, experiment: Experiment): Promise<void> {
  const expected = await expectation(experiment);
  const trial = await Trial.open(backend, experiment);
  const fusions = trial.plan.ops.filter(({ parts }) => parts !== undefined).map(({ op }) => op);
  const as = fusions.length > 0 ? ` (run as ${fusions.join(", ")})` : "";
  try {
    const first = await observe(trial, experiment, firstGarbage, as);
    compare(experiment, first, expected, as);
    const second = await observe(trial, experiment, secondGarbage, as);
    expectSame(experiment, first, second, as);
  } finally {
    trial.close();
  }
}

/** What the reference makes of it. */
async function expectation(experiment: Experiment): Promise<Observation> {
  referenceBackend ??= reference();
  const trial = await Trial.open(await referenceBackend, experiment);
  try {
    return await observe(trial, experiment, firstGarbage, " on the reference");
  } finally {
    trial.close();
  }
}

async function observe(trial: Trial, experiment: Experiment, garbage: number, as: string): Promise<Observation> {
  const before = trial.prepare(garbage);
  const results = await trial.run();
  const contents = await trial.contents();
  for (const [name, content] of contents) {
    expectUntouched(experiment, name, before.get(name)!, content, as);
  }
  return { contents, results };
}

/** Inputs, and the elements between tensors, must be as they were. */
function expectUntouched(
  experiment: Experiment,
  name: string,
  before: TensorData,
  after: TensorData,
  as: string,
): void {
  const tensors = experiment.tensors.filter(({ buffer }) => buffer === name);
  const mask = before.slice();
  const seen = after.slice();
  for (const tensor of tensors.filter(({ tolerance }) => tolerance !== undefined)) {
    tensorOf(tensor, new Map([[name, mask]])).fill(0);
    tensorOf(tensor, new Map([[name, seen]])).fill(0);
  }
  const at = mask.findIndex((value, index) => !Object.is(value, seen[index]));
  if (at >= 0) {
    const owner = tensors.findLast(({ offset }) => offset <= at) ?? tensors[0]!;
    throw new ConformanceFailure(
      `element ${at - owner.offset} counted from the start of ${owner.label} (${owner.shape.join("x")})${as} was ` +
        `${before[at]} before the run and is ${after[at]} after it; nothing may be written there`,
    );
  }
}

function compare(experiment: Experiment, actual: Observation, expected: Observation, as: string): void {
  for (const tensor of experiment.tensors) {
    if (tensor.tolerance !== undefined) {
      const wanted = tensorOf(tensor, expected.contents);
      expectClose(`${tensor.label}${as}`, tensorOf(tensor, actual.contents), wanted, tensor.shape, tensor.tolerance);
    }
  }
  const count = experiment.results.length;
  if (actual.results.length !== expected.results.length) {
    throw new ConformanceFailure(
      `run${as} resolved to ${actual.results.length} numbers, expected ${count} a step, ${expected.results.length} in all`,
    );
  }
  experiment.results.forEach(({ label, tolerance }, position) => {
    const column = (results: Float32Array) => results.filter((_, index) => index % count === position);
    const [got, wanted] = [column(actual.results), column(expected.results)];
    expectClose(`${label} by step${as}`, got, wanted, [wanted.length], tolerance);
  });
}

function expectSame(experiment: Experiment, first: Observation, second: Observation, as: string): void {
  for (const tensor of experiment.tensors) {
    if (tensor.tolerance !== undefined) {
      const again = tensorOf(tensor, second.contents);
      expectIdentical(`${tensor.label}${as}`, again, tensorOf(tensor, first.contents), tensor.shape);
    }
  }
  expectIdentical(`results${as}`, second.results, first.results, [first.results.length]);
}
