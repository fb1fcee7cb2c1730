import type { Workload } from "../training/workload.js";
import type { Entry } from "./openParticipant.js";
import type { Participant, TrainingProgress } from "./participant.js";

/** What one asks of a participant in another process or worker: opening comes first. */
export type Call =
  | { readonly method: "open"; readonly args: readonly [Entry, Workload] }
  | { readonly method: "train"; readonly args: readonly [Parameters<Participant["train"]>[0]] }
  | { readonly method: "evaluate" | "trainMore" | "timeTraining"; readonly args: readonly [number] }
  | { readonly method: "timeOp"; readonly args: readonly [string, number] }
  | { readonly method: "peakMemoryBytes" | "opNames" | "counts" | "close"; readonly args: readonly [] };

/** An error as plain data. */
export interface PlainError {
  readonly message: string;
  /** Whether it says that something cannot be had on this machine: no defect. */
  readonly unavailable: boolean;
}

/** What comes back; `progress` any number of times before the answer. */
export type Answer =
  | { readonly progress: TrainingProgress }
  | { readonly value: unknown }
  | { readonly error: PlainError };

/** What is known of a participant once it is open. */
export type Opened = Pick<Participant, "name" | "device" | "details" | "slow">;

/** Does what a participant in another process or worker is asked to do. */
export class ParticipantHost {
  readonly #open: (entry: Entry, workload: Workload) => Promise<Participant>;
  readonly #isUnavailable: (error: unknown) => boolean;
  #participant: Participant | undefined;

  constructor(
    open: (entry: Entry, workload: Workload) => Promise<Participant>,
    isUnavailable: (error: unknown) => boolean,
  ) {
    this.#open = open;
    this.#isUnavailable = isUnavailable;
  }

  /** Does as it is told; never rejects. `answer` is called with progress, then with the outcome. */
  async handle(call: Call, answer: (message: Answer) => void): Promise<void> {
    try {
      answer({ value: await this.#do(call, (progress) => answer({ progress })) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      answer({ error: { message, unavailable: this.#isUnavailable(error) } });
    }
  }

  async #do(call: Call, onProgress: (progress: TrainingProgress) => void): Promise<unknown> {
    if (call.method === "open") {
      this.#participant = await this.#open(...call.args);
      const { name, device, details, slow } = this.#participant;
      return { name, device, details, slow } satisfies Opened;
    }
    const participant = this.#participant as Participant;
    switch (call.method) {
      case "train":
        return participant.train(...call.args, onProgress);
      case "evaluate":
      case "trainMore":
      case "timeTraining":
        return participant[call.method](...call.args);
      case "timeOp":
        return participant.timeOp(...call.args);
      default:
        return participant[call.method]();
    }
  }
}
