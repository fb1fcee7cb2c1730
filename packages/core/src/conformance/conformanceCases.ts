import type { Backend } from "../backend/index.js";
import { ArgumentError, UnsupportedOpError } from "../errors.js";
import { augmentationCases } from "./augmentationCases.js";
import { bufferCases } from "./bufferCases.js";
import { chainExperiments } from "./chainExperiments.js";
import { type ConformanceCase, type Level, levels } from "./conformanceCase.js";
import { curveCases } from "./curveCases.js";
import { ConformanceFailure, UnexpectedPass, UnsupportedCase } from "./failure.js";
import { fusionCases } from "./fusionCases.js";
import { inPlaceCases } from "./inPlaceCases.js";
import { opCases } from "./opCases.js";
import { opExperiments } from "./opExperiments.js";
import { resumingCases } from "./resumingCases.js";
import { runCases } from "./runCases.js";
import { runExperiment } from "./runExperiment.js";
import { streamingCases } from "./streamingCases.js";
import { trainingCases } from "./trainingCases.js";

/** A case or several that a backend is known to fail. */
export interface Skip {
  /** A part of the case's name or a pattern for it; or all cases of the op when that is given alone. */
  readonly case?: string | RegExp;
  readonly op?: string;
  /** Why, for the reader of the report. */
  readonly reason: string;
}

/** Which cases of the kit run. */
export interface ConformanceOptions {
  /** Cases that are known to fail. They are run all the same: one that passes must be taken off the list. */
  readonly skips?: readonly Skip[];
  /** Default: all of them. */
  readonly levels?: readonly Level[];
  /** Only the cases with this in their name: for work on one op. */
  readonly only?: string | RegExp;
}

/**
 * Everything that a backend has to do right, smallest first. Throws `ArgumentError` for a skip that names no case or gives
 * no reason.
 */
export function conformanceCases(options: ConformanceOptions = {}): ConformanceCase[] {
  const { skips = [], levels: wanted = levels, only = "" } = options;
  const all = allCases();
  for (const skip of skips) {
    if (skip.reason.trim() === "") {
      throw new ArgumentError(`the skip of ${skipName(skip)} gives no reason; say why the backend fails it`);
    }
    if (!all.some((candidate) => matches(skip, candidate))) {
      throw new ArgumentError(`the skip of ${skipName(skip)} matches no case; take it off the list or mend its name`);
    }
  }
  return all
    .filter(({ level, name }) => wanted.includes(level) && contains(name, only))
    .map((candidate) => {
      const skip = skips.find((candidateSkip) => matches(candidateSkip, candidate));
      return skip ? skipped(named(candidate), skip.reason) : named(candidate);
    });
}

function allCases(): ConformanceCase[] {
  const experiments = [...opCases.flatMap(opExperiments), ...chainExperiments()];
  return [
    ...bufferCases(),
    ...runCases(),
    ...experiments.map(({ op, name, build }) => ({
      level: "ops" as const,
      op,
      name,
      run: (backend: Backend) => runExperiment(backend, build()),
    })),
    ...fusionCases(),
    ...inPlaceCases(),
    ...augmentationCases(),
    ...trainingCases(),
    ...resumingCases(),
    ...streamingCases(),
    ...curveCases(),
  ];
}

function matches(skip: Skip, { op, name }: ConformanceCase): boolean {
  if (skip.case === undefined && skip.op === undefined) {
    return false;
  }
  return contains(name, skip.case ?? "") && (skip.op === undefined || skip.op === op);
}

function contains(name: string, pattern: string | RegExp): boolean {
  return typeof pattern === "string" ? name.includes(pattern) : pattern.test(name);
}

function skipName({ case: pattern, op }: Skip): string {
  return (
    [...(op === undefined ? [] : [op]), ...(pattern === undefined ? [] : [String(pattern)])].join(" ") || "nothing"
  );
}

/** Every failure names its case; an op that the backend says it lacks is none. */
function named(candidate: ConformanceCase): ConformanceCase {
  return {
    ...candidate,
    async run(backend) {
      try {
        await candidate.run(backend);
      } catch (error) {
        if (error instanceof UnsupportedOpError && (backend.unsupportedOps as readonly string[])?.includes(error.op)) {
          throw new UnsupportedCase(`${candidate.name}: ${error.reason}`, error.reason);
        }
        const message = error instanceof Error ? error.message : String(error);
        const kind = error instanceof Error && !(error instanceof ConformanceFailure) ? `${error.name}: ` : "";
        throw new ConformanceFailure(`${candidate.name}: ${kind}${message}`, { cause: error });
      }
    },
  };
}

function skipped(candidate: ConformanceCase, skipReason: string): ConformanceCase {
  return {
    ...candidate,
    skipReason,
    async run(backend) {
      try {
        await candidate.run(backend);
      } catch (error) {
        if (error instanceof UnsupportedCase) {
          throw error;
        }
        return;
      }
      throw new UnexpectedPass(
        `${candidate.name} passes, but is skipped (${skipReason}); take it off the list of skips`,
      );
    },
  };
}
