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

  /** The plan of a step. */
  get(mode: ModelMode, batchSize: number, data: DataSignature): Plan {
    const key = JSON.stringify([mode, batchSize, data]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const plan = buildPlan(this.#settings, mode, batchSize, data);
    this.#known.set(key, plan);
    return plan;
  }
}
