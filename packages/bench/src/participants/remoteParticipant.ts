import { BackendUnavailableError, DeviceError } from "@convoy/core";
import type { Workload } from "../training/workload.js";
import type { Answer, Call, Opened } from "./messages.js";
import type { Entry } from "./openParticipant.js";
import type { EvaluationFigures, Participant, TrainingFigures, TrainingGoal, TrainingProgress } from "./participant.js";

/** The way to another process or worker in which a participant lives. */
export interface Channel {
  send(call: Call): void;
  /** Called with each answer. */
  onAnswer(listener: (answer: Answer) => void): void;
  /** Called once if the other side ends before it was told to, with the reason. */
  onFailure(listener: (reason: string) => void): void;
  /** Ends the other side. */
  close(): Promise<void>;
}

/** A participant that lives in another process or worker. */
export class RemoteParticipant implements Participant {
  readonly name: string;
  readonly device: string;
  readonly details: Participant["details"];
  readonly slow: boolean;
  readonly #line: Line;

  private constructor(line: Line, { name, device, details, slow }: Opened) {
    this.#line = line;
    this.name = name;
    this.device = device;
    this.details = details;
    this.slow = slow;
  }

  /** Opens an entry on the other side. Rejects as opening it here would, and ends the other side then. */
  static async open(channel: Channel, entry: Entry, workload: Workload): Promise<RemoteParticipant> {
    const line = new Line(channel);
    try {
      return new RemoteParticipant(line, (await line.ask({ method: "open", args: [entry, workload] })) as Opened);
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  async train(goal: TrainingGoal, onProgress?: (progress: TrainingProgress) => void): Promise<TrainingFigures> {
    return (await this.#line.ask({ method: "train", args: [goal] }, onProgress)) as TrainingFigures;
  }

  async evaluate(budgetMs: number): Promise<EvaluationFigures> {
    return (await this.#line.ask({ method: "evaluate", args: [budgetMs] })) as EvaluationFigures;
  }

  async trainMore(samples: number): Promise<number> {
    return (await this.#line.ask({ method: "trainMore", args: [samples] })) as number;
  }

  async timeTraining(budgetMs: number): Promise<number> {
    return (await this.#line.ask({ method: "timeTraining", args: [budgetMs] })) as number;
  }

  async opNames(): Promise<readonly string[]> {
    return (await this.#line.ask({ method: "opNames", args: [] })) as readonly string[];
  }

  async timeOp(name: string, budgetMs: number): Promise<number> {
    return (await this.#line.ask({ method: "timeOp", args: [name, budgetMs] })) as number;
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await this.#line.ask({ method: "counts", args: [] })) as Readonly<Record<string, number>>;
  }

  async peakMemoryBytes(): Promise<number | null> {
    return (await this.#line.ask({ method: "peakMemoryBytes", args: [] })) as number | null;
  }

  async close(): Promise<void> {
    try {
      await this.#line.ask({ method: "close", args: [] });
    } finally {
      await this.#line.channel.close();
    }
  }
}

/** Who waits for an answer. */
interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One question at a time. */
class Line {
  readonly channel: Channel;
  #waiting: Waiting | undefined;
  #onProgress: ((progress: TrainingProgress) => void) | undefined;
  #failure: string | undefined;

  constructor(channel: Channel) {
    this.channel = channel;
    channel.onAnswer((answer) => this.#take(answer));
    channel.onFailure((reason) => {
      this.#failure = reason;
      this.#settle()?.reject(new DeviceError(reason));
    });
  }

  ask(call: Call, onProgress?: (progress: TrainingProgress) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(new DeviceError(this.#failure));
        return;
      }
      this.#waiting = { resolve, reject };
      this.#onProgress = onProgress;
      this.channel.send(call);
    });
  }

  #take(answer: Answer): void {
    if ("progress" in answer) {
      this.#onProgress?.(answer.progress);
    } else if ("value" in answer) {
      this.#settle()?.resolve(answer.value);
    } else {
      const { message, unavailable } = answer.error;
      this.#settle()?.reject(unavailable ? new BackendUnavailableError(message) : new Error(message));
    }
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
