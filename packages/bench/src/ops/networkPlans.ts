import type { Backend } from "@convoy/core";
import type { Plan } from "@convoy/core/backend";
import { buildNetwork, type ModelName } from "../networks/models.js";

/** The networks whose ops are measured where none is named. */
export const opModels: readonly ModelName[] = ["tutorial", "simple"];

/** A plan whose ops are measured. */
export interface NetworkPlan {
  readonly model: ModelName;
  readonly mode: "train" | "evaluate";
  readonly plan: Plan;
}

/**
 * What a backend is given for some networks, in its fused ops and also op by op: the shapes that matter, and what fusing
 * them gains.
 */
export function networkPlans(
  backend: Backend,
  batchSize: number,
  models: readonly ModelName[] = opModels,
): NetworkPlan[] {
  const targets = backend.fusions.length > 0 ? [backend, withoutFusions(backend)] : [backend];
  return targets.flatMap((target) =>
    models.flatMap((model) =>
      (["train", "evaluate"] as const).map((mode) => ({ model, mode, plan: planOf(target, model, mode, batchSize) })),
    ),
  );
}

function planOf(backend: Backend, model: ModelName, mode: NetworkPlan["mode"], batchSize: number): Plan {
  const network = buildNetwork(model, 0);
  network.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return network.plan({ mode, batchSize, print: () => undefined });
}

/** The same backend as far as plans go, but for its fused ops. */
function withoutFusions(backend: Backend): Backend {
  return {
    name: backend.name,
    device: backend.device,
    fusions: [],
    supports: (op) => backend.supports(op),
    workspaceBytes: (op) => backend.workspaceBytes?.(op) ?? 0,
    createBuffer: (label, spec) => backend.createBuffer(label, spec),
    compile: (plan, buffers, onProgress) => backend.compile(plan, buffers, onProgress),
    synchronize: () => backend.synchronize(),
    memory: () => backend.memory(),
    dispose: () => backend.dispose(),
  };
}
