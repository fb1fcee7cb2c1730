import type { ProcessGroup } from "../../backend/index.js";
import type { EpochSums, FitState, Training, TrainingState } from "../../callbacks/index.js";
import { ArgumentError, type NonFiniteLossError, StateError } from "../../errors.js";
import type { ModelTarget } from "../../saving/stores.js";
import { CallbackList } from "./callbackList.js";
import type { DeviceModel } from "./deviceModel.js";
import type { FitRequest } from "./fitRequest.js";
import type { MetricCounts } from "./metricStates.js";
import { nonFiniteLoss } from "./nonFiniteLoss.js";
import { countsOfAllRanks } from "./rankSums.js";
import { RunningMeans } from "./runningMeans.js";
import type { StartedRun, Stretch } from "./runSteps.js";
import type { TrainingSource } from "./trainingSource.js";
import { checkFitState, checkTrainingState, type FitSchedule, namedWeights, orderedWeights } from "./trainingState.js";

/** Steps that were started and have not reported yet. */
interface RunAhead extends StartedRun {
  readonly batchSize: number;
}

/** A `fit` under way: where it stands, and what callbacks learn and change of it. */
export class FitSession implements Training {
  readonly callbacks: CallbackList;
  readonly #device: DeviceModel;
  readonly #request: FitRequest;
  #epoch: number;
  #step = 0;
  /** Steps of an epoch; Infinity until the first epoch has shown it. */
  #steps: number;
  #source: TrainingSource | undefined;
  /** The first step of this run, counted over all epochs, and the optimizer's iteration there. */
  #firstStep: number;
  #firstIteration: number;
  #begun = false;
  #initialEpoch: number;
  #stopped = false;
  #means: RunningMeans;
  #logs: Record<string, number> | undefined;
  /** In order, the first of its steps counted within the epoch. */
  #ahead: RunAhead[] = [];
  /** Whether callbacks may still say where training goes on. */
  #opening = true;
  /** What training goes on from, until all callbacks have been told of what came before it. */
  #resumed: TrainingState | undefined;

  constructor(device: DeviceModel, request: FitRequest) {
    this.#device = device;
    this.#request = request;
    this.#epoch = request.initialEpoch;
    this.#initialEpoch = request.initialEpoch;
    this.#steps = request.steps;
    this.#firstStep = stepsBefore(request.initialEpoch, request.steps);
    this.#firstIteration = device.weights.iteration;
    this.#means = new RunningMeans(device.settings);
    this.callbacks = new CallbackList(request.callbacks);
  }

  get epochs(): number {
    return this.#request.epochs;
  }

  get initialEpoch(): number {
    return this.#initialEpoch;
  }

  get stepsPerEpoch(): number {
    return this.#steps;
  }

  get batchSize(): number {
    return this.#source?.batchSize ?? this.#request.batchSize;
  }

  get samplesPerEpoch(): number {
    const samples = this.#steps * this.batchSize;
    return this.#request.rows > 0 ? Math.min(this.#request.rows, samples) : samples;
  }

  /** The step of the epoch that comes next, counted from the first step of the first epoch. */
  get stepOverall(): number {
    return stepsBefore(this.#epoch, this.#steps) + this.#step;
  }

  /** Takes the samples from here. */
  open(source: TrainingSource): void {
    this.#source = source;
  }

  get iteration(): number {
    return this.#device.weights.iteration;
  }

  get learningRate(): number {
    return this.#device.weights.optimizer.learningRate;
  }

  set learningRate(rate: number) {
    this.#device.weights.optimizer.learningRate = rate;
  }

  /** The epoch that is trained or comes next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Steps of the epoch whose results are known. */
  get step(): number {
    return this.#step;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Loss and metrics of the epoch so far. */
  get means(): RunningMeans {
    return this.#means;
  }

  stop(): void {
    const { group } = this;
    if (group === undefined) {
      this.#stopped = true;
    } else {
      group.askToStop();
    }
  }

  /** Notes that the processes that train together have agreed to end. */
  noteStop(): void {
    this.#stopped = true;
  }

  /** Where several processes train together: ends training on all of them where a callback on one has asked for it. */
  async agreeToStop(): Promise<void> {
    const agreed = await this.group?.agreeToStop();
    this.#stopped ||= agreed === true;
  }

  get group(): ProcessGroup | undefined {
    return this.#device.settings.backend.group;
  }

  get writes(): boolean {
    return (this.group?.rank ?? 0) === 0;
  }

  getWeights(): Promise<Float32Array[]> {
    return this.#device.weights.read();
  }

  setWeights(weights: readonly Float32Array[]): void {
    this.#device.weights.write(weights);
  }

  save(target: ModelTarget): Promise<void> {
    return this.#request.files.save(target);
  }

  saveWeights(target: ModelTarget): Promise<void> {
    return this.#request.files.saveWeights(target);
  }

  log(name: string, value: number): void {
    if (this.#logs === undefined) {
      throw new StateError(`log("${name}", ${value}) adds to the logs of an epoch; call it in onEpochEnd`);
    }
    this.#logs[name] = value;
  }

  async getState(): Promise<TrainingState> {
    const { settings, weights } = this.#device;
    // All is asked for before anything is awaited: what is started meanwhile comes after it.
    const position = this.#position();
    const [values, optimizer, settled] = await Promise.all([
      weights.read(),
      weights.optimizer.read(),
      position.begun ? this.#settledSums(this.readCounts()) : undefined,
    ]);
    return {
      weights: namedWeights(settings, values),
      optimizer,
      fit: { ...position, ...(settled ? { sums: settled } : {}) },
    };
  }

  /** What metrics have counted in the epoch, on all ranks. */
  async readCounts(): Promise<MetricCounts> {
    const { settings, metricStates } = this.#device;
    return await countsOfAllRanks(settings.backend, await metricStates.read("train"));
  }

  async setState(state: TrainingState): Promise<void> {
    if (!this.#opening) {
      throw new StateError(
        "setState says where training goes on, which is settled once it runs; call it in onTrainBegin",
      );
    }
    const { settings } = this.#device;
    checkTrainingState(settings, state);
    const { fit } = state;
    if (fit === undefined) {
      throw new ArgumentError(
        "the training state does not say where to go on: fit has not trained the model since compile, or has failed; " +
          "pass it to setTrainingState and call fit with initialEpoch",
      );
    }
    checkFitState(settings, { fit, optimizer: state.optimizer }, this.#schedule);
    this.#resumed = state;
    this.#epoch = fit.epoch;
    this.#initialEpoch = fit.epoch;
    this.#step = fit.step;
    this.#begun = fit.begun;
    this.#firstStep = stepsBefore(fit.epoch, fit.stepsPerEpoch) + fit.step;
    this.#firstIteration = state.optimizer.iteration;
    this.#means = new RunningMeans(settings, fit.sums);
    // What was counted on all ranks counts once.
    this.#device.metricStates.restore("train", this.writes ? (fit.sums?.counts ?? {}) : {});
    await this.#takeOver(state);
  }

  /** All callbacks have been told that training begins: where it goes on is settled. */
  async settleStart(): Promise<void> {
    this.#opening = false;
    if (this.#resumed?.fit?.begun === false) {
      await this.#restore();
    }
  }

  /** Starts adding up the results of an epoch. Callbacks have been told that it begins. */
  async beginEpoch(): Promise<void> {
    if (this.#resumed !== undefined) {
      await this.#restore();
      return;
    }
    this.#begun = true;
    this.#means = new RunningMeans(this.#device.settings);
    this.#device.metricStates.clear("train");
  }

  /** Notes steps that have been started. */
  noteStart({ firstStep, ...run }: StartedRun, stretch: Stretch & { readonly firstStep: number }): void {
    this.#ahead.push({ ...run, firstStep: stretch.firstStep + firstStep, batchSize: stretch.batchSize });
  }

  /** Notes that the results of all steps of the epoch before `step` are in its means. */
  noteResults(step: number): void {
    this.#step = step;
    this.#ahead = this.#ahead.filter(({ firstStep }) => firstStep >= step);
  }

  /** Adds up what steps that were started still report, where training stops while they run. */
  async finishSteps(): Promise<void> {
    const { samples, totals } = await this.#settledSums(Promise.resolve([]));
    this.#means = new RunningMeans(this.#device.settings, { samples, totals });
    const last = this.#ahead.at(-1);
    this.noteResults(last === undefined ? this.#step : last.firstStep + last.count);
  }

  /** The epoch has no more steps: where it was not known how many there are, it is now. */
  noteLastStep(): void {
    if (this.#steps === Infinity) {
      this.#steps = this.#step;
    }
  }

  /** Tells callbacks that the epoch has ended. They may add to the logs, which are returned. */
  async endEpoch(logs: Record<string, number>): Promise<Record<string, number>> {
    const epoch = this.#epoch;
    // A state that is taken now goes on with the next one.
    this.#epoch++;
    this.#step = 0;
    this.#begun = false;
    this.#logs = logs;
    await this.callbacks.tell((callback) => callback.onEpochEnd?.(epoch, logs, this));
    this.#logs = undefined;
    return logs;
  }

  /** Lets callbacks end training at a loss that is not finite. Throws the error where none does. */
  async survive(error: NonFiniteLossError): Promise<void> {
    this.#ahead = [];
    await this.callbacks.tell((callback) => callback.onNonFiniteLoss?.(error, this));
    if (!this.#stopped) {
      throw error;
    }
  }

  /**
   * The step that an iteration of the optimizer is, counted from the first step of the first epoch; at the earliest the one
   * that this run has started with.
   */
  stepOf(iteration: number): number {
    return Math.max(0, iteration - this.#firstIteration) + this.#firstStep;
  }

  /** Where training stands, without sums. */
  get fitState(): FitState {
    return this.#position();
  }

  /** A state is plain data: what is not known is 0 there. */
  get #schedule(): FitSchedule {
    const { rows, batchSize, seed, shuffle } = this.#request;
    return { samples: rows, batchSize, stepsPerEpoch: this.#steps === Infinity ? 0 : this.#steps, seed, shuffle };
  }

  #position(): FitState {
    return {
      epoch: this.#epoch,
      step: this.#step + this.#ahead.reduce((steps, { count }) => steps + count, 0),
      begun: this.#begun,
      ...this.#schedule,
      callbacks: this.callbacks.states(),
    };
  }

  /** What has been added up once all steps that were started have reported. */
  async #settledSums(counting: Promise<MetricCounts>): Promise<EpochSums> {
    const means = new RunningMeans(this.#device.settings, this.#means.sums);
    const [epoch, ahead] = [this.#epoch, [...this.#ahead]];
    const counts = await counting;
    for (const { firstStep, count, batchSize, results } of ahead) {
      const losses = means.add(await results, count, batchSize);
      const bad = losses.findIndex((loss) => !Number.isFinite(loss));
      if (bad >= 0) {
        this.#device.weights.restoreLastGood();
        throw nonFiniteLoss(losses[bad]!, firstStep + bad, epoch);
      }
    }
    const kept = [...counts].flatMap((count, index) => (count === undefined ? [] : [[index, count.slice()] as const]));
    return { ...means.sums, counts: Object.fromEntries(kept) };
  }

  /** Brings back what callbacks may have changed since training goes on, and what they keep themselves. */
  async #restore(): Promise<void> {
    const state = this.#resumed!;
    this.#resumed = undefined;
    await this.#takeOver(state);
    this.callbacks.restore(state.fit!.callbacks, this);
  }

  async #takeOver(state: TrainingState): Promise<void> {
    this.#device.weights.optimizer.write(state.optimizer);
    await this.#request.replaceWeights(orderedWeights(this.#device.settings, state));
  }
}

/** Steps of the epochs before one, of which the first has none: also where it is not known how many an epoch has. */
function stepsBefore(epoch: number, steps: number): number {
  return epoch === 0 ? 0 : epoch * steps;
}
