/**
 * The test of a backend: everything that the contract in `@convoy/core/backend` asks for, with no test runner inside. One
 * file tests a backend; with vitest:
 *
 * ```ts
 * import { conformanceCases, runCase } from "@convoy/core/conformance";
 * import { afterAll, beforeAll, it } from "vitest";
 * import { myBackend } from "./index.js";
 *
 * let backend: Awaited<ReturnType<typeof myBackend>>;
 * beforeAll(async () => { backend = await myBackend(); });
 * afterAll(() => backend.dispose());
 * for (const test of conformanceCases()) {
 *   it(test.name, ({ skip }) => runCase(test, backend, skip));
 * }
 * ```
 *
 * or, as one test that prints the matrix of ops by levels:
 *
 * ```ts
 * it("conforms", async () => {
 *   const report = await runConformance(() => myBackend());
 *   console.log(formatMatrix(report));
 *   expect(report.passed).toBe(true);
 * });
 * ```
 *
 * Ops that a backend has no kernel for (`unsupportedOps`) show as unsupported, with its reason. What else it cannot do yet goes into `skips` with its reason. Skipped cases are run all the same, and one that passes
 * fails the run, so the list never outlives its reasons.
 */

export type { AnyOpCase, CaseGradient, CaseInput, CaseStep, Fill, OpCase, Tolerance } from "../ops/opCase.js";
export { type ComparisonOptions, comparePlans } from "./comparison/comparePlans.js";
export type { ComparisonTolerance } from "./comparison/compareTensors.js";
export { formatComparison } from "./comparison/formatComparison.js";
export { isolatePlan, planOfOps } from "./comparison/isolatePlan.js";
export type { ComparisonBatch, StepOptions } from "./comparison/modelStep.js";
export type { ComparedOp, Difference, PlanComparison, StepDifference } from "./comparison/planComparison.js";
export { type ConformanceCase, type Level, runCase } from "./conformanceCase.js";
export { type ConformanceOptions, conformanceCases, type Skip } from "./conformanceCases.js";
export { ConformanceFailure, UnexpectedPass, UnsupportedCase } from "./failure.js";
export { caseStream, fillTensor } from "./fill.js";
export { formatMatrix } from "./formatMatrix.js";
export { opCases } from "./opCases.js";
export { type RandomModel, randomModel, randomModelCases } from "./randomModels.js";
export {
  type ConformanceReport,
  type ConformanceResult,
  type RunOptions,
  runConformance,
  type Status,
} from "./runConformance.js";
