import type { StepDraws } from "../../layers/augmentation/stepDraws.js";
import type { Plan } from "../../plan/index.js";
import type { DataSignature } from "../data/hostSamples.js";
import { buildPlan, type ModelMode } from "../declare/buildPlan.js";
import type { CompileSettings } from "../declare/compileSettings.js";

/** The plans of a compiled model, each made once. */
export class Plans {
  readonly #settings: CompileSettings;
  readonly #known: Map<string, Plan> = new Map();

  constructor(settings: CompileSettings) {
    this.#settings = settings;
  }

  /** The plan of a step; of training for the optimizer's phase that step `iteration` is in. */
  get(mode: ModelMode, batchSize: number, data: DataSignature, iteration = 0, draws?: StepDraws): Plan {
    const phase = mode === "train" ? this.#settings.optimizer.phases?.of(iteration) : undefined;
    const key = JSON.stringify([mode, batchSize, data, phase, draws?.id ?? 0]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const plan = buildPlan(this.#settings, mode, batchSize, data, iteration, draws);
    this.#known.set(key, plan);
    return plan;
  }
}
