import { checkOptions } from "../checkOption.js";
import { ArgumentError, ModelFileNotFoundError } from "../errors.js";
import { type ModelTarget, readSource, writeTarget } from "../saving/stores.js";
import type { Callback } from "./callback.js";

/** Settings of `csvLogger`; names and defaults are Keras'. */
export interface CsvLoggerOptions {
  /** What stands between two values; default ",". */
  readonly separator?: string;
  /** Whether rows are added to a file that is there; default false: it is replaced. */
  readonly append?: boolean;
}

/**
 * Writes loss and metrics of every epoch as a line of a CSV file: `epoch`, counted from 0, then the values by name. Keras'
 * `CSVLogger`. A training that goes on from a state goes on with the file as it was at that state, with `append` or without. Throws
 * `ArgumentError` where the separator is not one character.
 * @param target a path or file: URL in Node, or a store with `write`, which gets the whole file every time
 */
export function csvLogger(target: ModelTarget, options: CsvLoggerOptions = {}): Callback {
  const { separator = ",", append = false } = checkOptions("csvLogger", options, ["separator", "append"]);
  if ([...separator].length !== 1 || /["\r\n]/.test(separator)) {
    throw new ArgumentError(
      `csvLogger: separator is ${JSON.stringify(separator)}, expected one character such as "," or ";"`,
    );
  }
  let text = "";
  let names: readonly string[] | undefined;
  const addRow = (cells: readonly (string | number)[]): void => {
    text += `${cells.map((cell) => quoted(String(cell), separator)).join(separator)}\r\n`;
  };
  return {
    name: "csvLogger",
    async onTrainBegin() {
      text = append ? await readText(target) : "";
      names = undefined;
    },
    async onEpochEnd(epoch, logs, training) {
      if (names === undefined) {
        names = Object.keys(logs).sort();
        if (text === "") {
          addRow(["epoch", ...names]);
        }
      }
      addRow([epoch, ...names.map((name) => logs[name] ?? "NA")]);
      if (training.writes) {
        await writeTarget(target, [new TextEncoder().encode(text)]);
      }
    },
    getState: () => ({ text, names: names === undefined ? null : [...names] }),
    setState(state) {
      const kept = state as { readonly text: string; readonly names: readonly string[] | null };
      text = kept.text;
      names = kept.names ?? undefined;
    },
  };
}

async function readText(target: ModelTarget): Promise<string> {
  try {
    return new TextDecoder().decode(await readSource(target));
  } catch (error) {
    if (error instanceof ModelFileNotFoundError) {
      return "";
    }
    throw error;
  }
}

/** RFC 4180: a value with a separator, a quotation mark or a line break is put between quotation marks. */
function quoted(value: string, separator: string): string {
  return value.includes(separator) || /["\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
