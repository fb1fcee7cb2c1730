import type { Backend } from "../backend/index.js";
import { chainExperiments } from "./chainExperiments.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { require } from "./failure.js";
import { planFor } from "./trial.js";

/** A fused op that no case runs would be an untested one. */
export function fusionCases(): ConformanceCase[] {
  return [
    {
      level: "ops",
      op: "backend",
      name: "backend: every fused op that it offers is used by some case",
      async run(backend) {
        const used = usedFusions(backend);
        const unused = backend.fusions.filter((name) => !used.has(name));
        require(unused.length === 0, `${unused.join(", ")}: offered, but refused by supports() in every case`);
      },
    },
  ];
}

function usedFusions(backend: Backend): Set<string> {
  const plans = chainExperiments().map(({ build }) => planFor(backend, build()));
  return new Set(plans.flatMap(({ ops }) => ops.filter(({ parts }) => parts).map(({ op }) => op)));
}
