import type { Logs } from "./callback.js";

const barWidth = 30;

/** Where a run stands. */
export interface ProgressState {
  readonly stepsDone: number;
  readonly steps: number;
  readonly samplesDone: number;
  readonly elapsedMs: number;
  /** Time of it in which the device has waited for data. */
  readonly waitedMs?: number;
  readonly logs: Logs;
}

/** Keras' line: `938/938 [==============================] - 5s 86us/sample - loss: 0.1556 - accuracy: 0.9532`. */
export function progressLine({ stepsDone, steps, samplesDone, elapsedMs, waitedMs = 0, logs }: ProgressState): string {
  const waiting = formatWaiting(waitedMs, elapsedMs);
  if (steps === Infinity) {
    return [`${stepsDone}/Unknown`, formatDuration(elapsedMs), ...waiting, ...formatLogs(logs)].join(" - ");
  }
  const done = stepsDone >= steps;
  const perSampleUs = (elapsedMs * 1000) / Math.max(1, samplesDone);
  const time = done
    ? `${formatDuration(elapsedMs)} ${formatPerSample(perSampleUs)}/sample`
    : `ETA: ${formatDuration((elapsedMs / Math.max(1, stepsDone)) * (steps - stepsDone))}`;
  const counter = `${String(stepsDone).padStart(String(steps).length)}/${steps}`;
  return [`${counter} [${bar(stepsDone / steps)}]`, time, ...waiting, ...formatLogs(logs)].join(" - ");
}

/** Share of the time from which on it is worth a word that the device waits for data. */
const noticeableWaiting = 0.05;

/** `waiting for data 43%`, where it is noticeable. */
export function formatWaiting(waitedMs: number, elapsedMs: number): string[] {
  const share = elapsedMs > 0 ? Math.min(1, waitedMs / elapsedMs) : 0;
  return share >= noticeableWaiting ? [`waiting for data ${Math.round(share * 100)}%`] : [];
}

/** `loss: 0.1556`, and `1.5560e-5` where four places would show nothing. */
export function formatLogs(logs: Logs): string[] {
  return Object.entries(logs).map(([name, value]) => {
    const small = value !== 0 && Math.abs(value) < 1e-3;
    return `${name}: ${small ? value.toExponential(4) : value.toFixed(4)}`;
  });
}

function bar(share: number): string {
  const filled = Math.floor(share * barWidth);
  return filled >= barWidth
    ? "=".repeat(barWidth)
    : `${"=".repeat(Math.max(0, filled - 1))}${filled > 0 ? ">" : ""}${".".repeat(barWidth - filled)}`;
}

/** `5s`, `1:05`, `1:02:03`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) {
    return `${seconds}s`;
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function formatPerSample(microseconds: number): string {
  return microseconds < 10_000 ? `${Math.round(microseconds)}us` : `${Math.round(microseconds / 1000)}ms`;
}
