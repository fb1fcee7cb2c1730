import type { Watcher } from "../training/runCase.js";
import { formatCount, formatFigure, formatShare } from "./numbers.js";
import { formatVerdict, note } from "./rowText.js";

/** A stream that may be a terminal. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Back to the start of the line, and all of it gone. */
const clear = "\r\x1b[2K";
const nameWidth = 14;

/** Prints lines, and below them, where the output is a terminal, one line about what is going on. */
export class TerminalWatcher implements Watcher {
  readonly #output: Output;
  #status = "";

  constructor(output: Output) {
    this.#output = output;
  }

  print(line: string): void {
    this.#clear();
    this.#output.write(`${line}\n`);
    this.#show();
  }

  row(result: Parameters<Watcher["row"]>[0]): void {
    const { backend, available, reason = "" } = result;
    if (!available) {
      this.print(`${backend.padEnd(nameWidth)} ${note(backend, reason).slice(backend.length + 2)}`);
      return;
    }
    const { testAccuracy, samplesSeen, trainUsPerSample, evaluateUsPerSample, verdict } = result;
    const training =
      trainUsPerSample === null
        ? [reason]
        : [
            `${formatShare(testAccuracy)} after ${formatCount(samplesSeen)} images`,
            `training ${formatFigure(trainUsPerSample)} µs/image`,
          ];
    const verdictText = formatVerdict(verdict);
    this.print(
      [
        backend.padEnd(nameWidth),
        [...training, `evaluation ${formatFigure(evaluateUsPerSample)} µs/image`, `verdict ${verdictText}`].join(", "),
      ].join(" "),
    );
  }

  status(text: string): void {
    this.#status = text;
    this.#clear();
    this.#show();
  }

  #clear(): void {
    if (this.#output.isTTY) {
      this.#output.write(clear);
    }
  }

  #show(): void {
    if (this.#output.isTTY) {
      this.#output.write(this.#status.slice(0, (this.#output.columns ?? 80) - 1));
    }
  }
}
