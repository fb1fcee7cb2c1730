import { expectRange } from "../checkOption.js";
import { ArgumentError, listNames } from "../errors.js";
import type { Logs } from "./callback.js";

/** Whether smaller or larger values are better; "auto": by the name of the value. */
export type MonitorMode = "auto" | "min" | "max";

/** What is watched. */
export interface MonitorSettings {
  /** Whose errors these are. */
  readonly callback: string;
  /** Key of the value. */
  readonly monitor: string;
  readonly mode: MonitorMode;
  /** Minimum change that counts as better. */
  readonly minDelta: number;
}

/** A value of the logs that is watched for getting better. Throws `ArgumentError` for a mode that is none, or where "auto" cannot tell. */
export class Monitor {
  readonly #settings: MonitorSettings;
  readonly #larger: boolean;

  constructor(settings: MonitorSettings) {
    this.#settings = settings;
    this.#larger = isLargerBetter(settings);
    expectRange(`${settings.callback}: minDelta`, settings.minDelta, 0, Infinity);
  }

  /** What every value is better than. */
  get worst(): number {
    return this.#larger ? -Infinity : Infinity;
  }

  isBetter(value: number, than: number): boolean {
    const { minDelta } = this.#settings;
    return this.#larger ? value - minDelta > than : value + minDelta < than;
  }

  /** The value in the logs. Throws `ArgumentError` with those that there are where it is missing. */
  read(logs: Logs): number {
    const { callback, monitor } = this.#settings;
    const value = logs[monitor];
    if (value === undefined) {
      throw new ArgumentError(
        `${callback}: there is no "${monitor}" to watch; this training has ${Object.keys(logs).join(", ")}` +
          (monitor.startsWith("val_") ? ". Pass validationSplit or validationData to fit for val_ values" : ""),
      );
    }
    return value;
  }
}

const modes: readonly MonitorMode[] = ["auto", "min", "max"];

function isLargerBetter({ callback, monitor, mode }: MonitorSettings): boolean {
  if (!modes.includes(mode)) {
    throw new ArgumentError(`${callback}: mode is ${JSON.stringify(mode)}, expected one of ${listNames(modes)}`);
  }
  if (mode !== "auto") {
    return mode === "max";
  }
  // Names of several outputs have the output's in front, those of validation val_.
  if (/(accuracy|acc|auc|precision|recall)$/i.test(monitor)) {
    return true;
  }
  if (/(loss|error)$/i.test(monitor)) {
    return false;
  }
  throw new ArgumentError(
    `${callback}: whether smaller or larger is better cannot be told from the name "${monitor}"; pass mode: "min" or mode: "max"`,
  );
}
