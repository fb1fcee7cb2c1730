/**
 * The test of a backend: everything that the contract in `@convoy/core/backend` asks for, with no test runner inside. One
 * file tests a backend; with vitest:
 *
 * ```ts
 * import { conformanceCases } from "@convoy/core/conformance";
 * import { afterAll, beforeAll, it } from "vitest";
 * import { myBackend } from "./index.js";
 *
 * let backend: Awaited<ReturnType<typeof myBackend>>;
 * beforeAll(async () => { backend = await myBackend(); });
 * afterAll(() => backend.dispose());
 * for (const { name, run } of conformanceCases()) {
 *   it(name, () => run(backend));
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
 * What a backend cannot do yet goes into `skips` with its reason. Skipped cases are run all the same, and one that passes
 * fails the run, so the list never outlives its reasons.
 */

export type { AnyOpCase, CaseGradient, CaseInput, CaseStep, Fill, OpCase, Tolerance } from "../ops/opCase.js";
export type { ConformanceCase, Level } from "./conformanceCase.js";
export { type ConformanceOptions, conformanceCases, type Skip } from "./conformanceCases.js";
export { ConformanceFailure, UnexpectedPass } from "./failure.js";
export { caseStream, fillTensor } from "./fill.js";
export { formatMatrix } from "./formatMatrix.js";
export { opCases } from "./opCases.js";
export {
  type ConformanceReport,
  type ConformanceResult,
  type RunOptions,
  runConformance,
  type Status,
} from "./runConformance.js";
