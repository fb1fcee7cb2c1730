import type { Model, Plan } from "@convoy/core";
import { type Backend, DeviceError, fusedNames, type ProcessGroup } from "@convoy/core/backend";

/** A backend that plans for one rank of several and runs nothing. */
function planner(size: number): Backend {
  const runsNothing = (): never => {
    throw new DeviceError("distributed: plans that are made for a simulation do not run");
  };
  return {
    name: "planner",
    device: { name: "none", details: {} },
    // As a backend plans that has a kernel for each.
    fusions: fusedNames,
    group: { rank: 0, size, syncBatchNorm: false } as ProcessGroup,
    supports: () => true,
    createBuffer: runsNothing,
    compile: runsNothing,
    synchronize: async () => undefined,
    memory: () => ({ usedBytes: 0, peakBytes: 0 }),
    dispose: async () => undefined,
  };
}

/** The plan of a training step for rank 0 of `size`, of the global batch `batchSize`. The model is compiled anew. */
export function trainingPlan(model: Model, size: number, batchSize: number): Plan {
  model.compile({
    backend: planner(size),
    optimizer: "adam",
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model.plan({ mode: "train", batchSize, print: () => undefined });
}
