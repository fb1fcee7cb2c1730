import { isUnavailable } from "../backends/isUnavailable.js";
import type { Labels } from "../backends/labels.js";
import { isBuiltIn } from "../backends/names.js";
import { isRandom } from "../networks/models.js";
import type { Entry, OpenParticipant } from "../participants/openParticipant.js";
import type { Participant, TrainingGoal, TrainingProgress } from "../participants/participant.js";
import { type BenchResult, nothingMeasured } from "../report/result.js";
import { type Contender, takesTurns, takeTurns } from "./rounds.js";
import { trainToAccuracy } from "./timeToAccuracy.js";
import { judge, passes } from "./verdict.js";
import { describeWorkload, type Workload } from "./workload.js";
import { referenceLosses } from "./yardstick.js";

/** Milliseconds of the evaluation after training. */
const evaluationMs = 2500;

/** Where a run shows how far it is. */
export interface Watcher {
  /** A row is done, its figures of before the rounds. */
  row(result: BenchResult, isPeer: boolean): void;
  /** What is going on, in a few words. */
  status(text: string): void;
}

/** What is the same for every case. */
export interface CaseSetting {
  readonly open: OpenParticipant;
  readonly labels: Labels;
  readonly watcher: Watcher;
  readonly rounds: number;
  readonly goalOf: (participant: Participant) => TrainingGoal;
  /** Trains on until this share of the test images is right, and tells how long that took. */
  readonly targetAccuracy?: number;
}

/** Rows in the order of the entries, and whether something failed that was available, or is wrong. */
export interface CaseOutcome {
  readonly rows: BenchResult[];
  readonly failed: boolean;
}

/** Trains and evaluates everything that takes part on one workload: one after the other, then in rounds that take turns. */
export async function runCase(
  entries: readonly Entry[],
  workload: Workload,
  setting: CaseSetting,
): Promise<CaseOutcome> {
  const { watcher, rounds } = setting;
  watcher.status("the reference's first losses");
  const expected = await referenceLosses(workload);
  const rows: BenchResult[] = [];
  const contenders: (Contender & { readonly index: number })[] = [];
  let failed = false;
  try {
    for (const [index, entry] of entries.entries()) {
      const { row, participant, broke } = await enter(entry, workload, expected, setting);
      failed ||= broke || (entry.kind === "backend" && !passes(row.verdict));
      rows.push(row);
      watcher.row(row, entry.kind === "peer");
      if (participant !== undefined) {
        contenders.push({ participant, index, canTrain: row.trainUsPerSample !== null, stepMs: row.stepMs.p50 });
      }
    }
    const fast = rounds > 0 ? contenders.filter(takesTurns) : [];
    if (fast.length > 0) {
      const figures = await takeTurns(fast, rounds, (done) => watcher.status(`round ${done} of ${rounds}`));
      for (const [position, { index }] of fast.entries()) {
        rows[index] = { ...(rows[index] as BenchResult), ...figures[position] };
      }
    }
  } finally {
    for (const { participant } of contenders) {
      await participant.close();
    }
    watcher.status("");
  }
  return { rows, failed };
}

interface Entered {
  readonly row: BenchResult;
  /** Open, where it did what it had to. */
  readonly participant?: Participant;
  /** Whether it failed though it was available. */
  readonly broke: boolean;
}

async function enter(
  entry: Entry,
  workload: Workload,
  expected: readonly number[],
  { open, labels, watcher, goalOf, targetAccuracy }: CaseSetting,
): Promise<Entered> {
  const { kind, choice } = entry;
  const absent = (backend: string, error: unknown, device: string | null): BenchResult => ({
    ...{ backend, available: false, reason: messageOf(error), device, details: {} },
    ...describeWorkload(workload),
    ...nothingMeasured,
  });
  watcher.status(`opening ${choice}`);
  const began = performance.now();
  let participant: Participant;
  try {
    participant = await open(entry, workload);
  } catch (error) {
    const broke = !isUnavailable(error) && (kind === "peer" || !isBuiltIn(choice));
    return { row: absent(choice, error, null), broke };
  }
  const name = kind === "peer" ? choice : labels.label(choice, participant.name);
  try {
    const status = (text: string): void => watcher.status(`${name}: ${text}`);
    const goal = goalOf(participant);
    const figures =
      targetAccuracy === undefined
        ? await measure(participant, goal, status)
        : await trainToAccuracy(participant, workload, {
            ...{ target: targetAccuracy, goal, openedMs: performance.now() - began, status },
          });
    const comparable = kind === "backend" || !isRandom(workload.model);
    const verdict = judge(figures, comparable ? expected : [], workload, kind);
    const { device, details } = participant;
    const row = { backend: name, available: true, device, details, ...describeWorkload(workload), ...figures, verdict };
    return { row, participant, broke: false };
  } catch (error) {
    const row = absent(name, error, participant.device);
    await participant.close().catch(() => undefined); // What is broken may not close either.
    return { row, broke: true };
  }
}

/** Trains and evaluates; what cannot train is evaluated with its first weights. */
async function measure(
  participant: Participant,
  goal: TrainingGoal,
  status: (text: string) => void,
): Promise<typeof nothingMeasured & { readonly reason?: string }> {
  const onProgress = ({ samplesSeen, loss }: TrainingProgress): void =>
    status(`${samplesSeen.toLocaleString("en-US")} images, loss ${loss.toFixed(4)}`);
  status("first step");
  let training: Partial<typeof nothingMeasured> & { readonly reason?: string };
  try {
    training = await participant.train(goal, onProgress);
  } catch (error) {
    if (!isCannotTrain(error)) {
      throw error;
    }
    training = { reason: `cannot train: ${messageOf(error)}` };
  }
  status("evaluating");
  const evaluation = await participant.evaluate(evaluationMs);
  const untrained = training.reason === undefined ? {} : { testAccuracy: null };
  const peakMemoryBytes = await participant.peakMemoryBytes();
  return { ...nothingMeasured, ...training, ...evaluation, ...untrained, peakMemoryBytes };
}

/** What libraries say that have no kernels for training. */
function isCannotTrain(error: unknown): boolean {
  return /not registered for backend|only predicts/.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
