import { agreementOf, type Executable, noteAgreement, type RunAgreement } from "../../backend/index.js";
import type { StepPhases } from "../../optimizers/index.js";
import { type StepTable, stepBytes, unpackStep } from "../../plan/index.js";

/** Training steps of an optimizer whose steps differ: each runs on the executable of its phase, in order. */
export class PhasedExecutable implements Executable {
  readonly #phases: StepPhases;
  readonly #executables: ReadonlyMap<string, Executable>;

  /** @param executables one for each phase, by name */
  constructor(phases: StepPhases, executables: ReadonlyMap<string, Executable>) {
    this.#phases = phases;
    this.#executables = executables;
  }

  async run(steps: StepTable): Promise<Float32Array> {
    // All are started at once, as runs never overtake each other.
    const runs = await Promise.allSettled(
      this.#stretches(steps).map(({ phase, table }) => this.#executables.get(phase)!.run(table)),
    );
    const results = runs.map((run) => {
      if (run.status === "rejected") {
        throw run.reason;
      }
      return run.value;
    });
    const all = Float32Array.from(results.flatMap((part) => [...part]));
    const agreements = results.flatMap((part) => agreementOf(part) ?? []);
    if (agreements.length > 0) {
      noteAgreement(all, agreementOfAll(agreements));
    }
    return all;
  }

  dispose(): void {
    for (const executable of this.#executables.values()) {
      executable.dispose();
    }
  }

  /** The table cut wherever the phase changes. */
  #stretches(steps: StepTable): { readonly phase: string; readonly table: StepTable }[] {
    const phases = Array.from({ length: steps.count }, (_, row) => this.#phases.of(unpackStep(steps, row).iteration));
    const starts = phases.flatMap((phase, row) => (phase === phases[row - 1] ? [] : [row]));
    return starts.map((start, index) => {
      const end = starts[index + 1] ?? steps.count;
      const bytes = steps.bytes.slice(start * stepBytes, end * stepBytes);
      return { phase: phases[start]!, table: { count: end - start, bytes } };
    });
  }
}

function agreementOfAll(agreements: readonly RunAgreement[]): RunAgreement {
  return {
    durationMs: agreements.reduce((sum, { durationMs }) => sum + durationMs, 0),
    stop: agreements.some(({ stop }) => stop),
  };
}
