import type { StepDraws } from "../../layers/augmentation/stepDraws.js";

/** A training step whose rows are drawn for. */
export interface DrawnStep {
  readonly iteration: number;
  readonly rows: number;
}

/** What `StepDraws` gives for a step. */
type Drawn = ReturnType<StepDraws["draw"]>;

/** After so many milliseconds of drawing, whatever else waits has its turn. */
const sliceMs = 2;

/**
 * Draws for the steps of the next epoch while the device works on this one: of 60,000 images that are turned, zoomed and shifted it
 * takes 40 ms, in which a fast device would wait.
 */
export class DrawAhead {
  readonly #draws: StepDraws;
  readonly #seed: number;
  #steps: readonly DrawnStep[] = [];
  #drawn: Drawn[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(draws: StepDraws, seed: number) {
    this.#draws = draws;
    this.#seed = seed;
  }

  /** What is drawn for these steps: what is there already of them, and the rest. */
  take(steps: readonly DrawnStep[]): readonly Drawn[] {
    this.stop();
    const known = this.#steps.length === steps.length && this.#steps[0]?.iteration === steps[0]?.iteration;
    const ahead = known ? this.#drawn : [];
    this.#drawn = [];
    return [...ahead, ...steps.slice(ahead.length).map((step) => this.#draw(step))];
  }

  /** Draws for steps that will probably be asked for. */
  start(steps: readonly DrawnStep[]): void {
    this.stop();
    this.#steps = steps;
    this.#drawn = [];
    if (this.#draws.buffers.length > 0) {
      this.#later();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      const end = performance.now() + sliceMs;
      while (this.#drawn.length < this.#steps.length && performance.now() < end) {
        this.#drawn.push(this.#draw(this.#steps[this.#drawn.length]!));
      }
      if (this.#drawn.length < this.#steps.length) {
        this.#later();
      }
    });
  }

  #draw({ iteration, rows }: DrawnStep): Drawn {
    return this.#draws.draw(this.#seed, iteration, rows);
  }
}
