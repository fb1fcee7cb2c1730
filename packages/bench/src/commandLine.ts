import { Command, InvalidArgumentError, Option } from "commander";
import { backendNames } from "./backends/backends.js";
import type { OpsRequest } from "./ops/runOps.js";
import { peerNames } from "./peers/peers.js";
import { datasetNames } from "./training/loadData.js";
import type { TrainingRequest } from "./training/trainingRequest.js";
import { modelNames } from "./training/workload.js";

/** What the command line asks for. `json` is where the report goes as well. */
export type Request =
  | { readonly command: "train"; readonly request: TrainingRequest; readonly json?: string }
  | { readonly command: "ops"; readonly request: OpsRequest; readonly json?: string };

/** Where help and errors go; default: the process's own streams. */
export interface CommandLineOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

const largestSeed = 2 ** 32 - 1;

/**
 * Reads the arguments after the command's name. Throws commander's `CommanderError`, which has the exit code, after help
 * has been shown or the error explained.
 */
export function parseCommandLine(args: readonly string[], output?: CommandLineOutput): Request {
  let parsed: Request | undefined;
  const program = new Command("bench")
    .description("Trains a convolutional network on every backend that this machine has, and tells how fast.")
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError();
  if (output !== undefined) {
    program.configureOutput(output);
  }
  program
    .addOption(backendsOption())
    .addOption(new Option("--model <name>", "network to train").choices(modelNames).default(modelNames[0]))
    .addOption(new Option("--dataset <name>", "images to train on").choices(datasetNames).default(datasetNames[0]))
    .addOption(count("--epochs <number>", "passes over the samples").default(3))
    .addOption(count("--batch-size <number>", "samples a step").default(64))
    .addOption(count("--train-samples <number>", "training samples of an epoch (default: all, fewer on slow devices)"))
    .addOption(seedOption())
    .addOption(threadsOption())
    .addOption(
      new Option("--peers <names>", `other libraries to compare with: ${peerNames.join(",")}`)
        .argParser((text: string) => names(text, peerNames))
        .default([], "none"),
    )
    .addOption(jsonOption())
    .action(({ json, ...request }: TrainingRequest & { json?: string }) => {
      parsed = { command: "train", request, ...(json === undefined ? {} : { json }) };
    });
  program
    .command("ops")
    .description("Measures the ops of the networks one by one.")
    .addOption(backendsOption())
    .addOption(new Option("--filter <text>", "only ops whose name or shapes contain this").default("", "all"))
    .addOption(count("--batch-size <number>", "samples a step").default(64))
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(({ json, ...request }: OpsRequest & { json?: string }) => {
      parsed = { command: "ops", request, ...(json === undefined ? {} : { json }) };
    });
  program.parse(args, { from: "user" });
  return parsed!;
}

function backendsOption(): Option {
  return new Option("--backends <names>", "backends to run, separated by commas")
    .argParser((text: string) => names(text, backendNames))
    .default(backendNames, backendNames.join(","));
}

function jsonOption(): Option {
  return new Option("--json <file>", "also write the report as JSON");
}

function threadsOption(): Option {
  return count("--threads <number>", "threads of backends that can be told (default: all cores)");
}

function seedOption(): Option {
  return new Option("--seed <number>", "of first weights and order")
    .argParser((text: string) => wholeNumber(text, 0, largestSeed))
    .default(0);
}

function count(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => wholeNumber(text, 1, 2 ** 31 - 1));
}

function wholeNumber(text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
  }
  return value;
}

/** A list of names, each once, in the order given. */
function names<Name extends string>(text: string, known: readonly Name[]): Name[] {
  const given = text.split(",").map((name) => name.trim());
  const unknown = given.find((name) => !known.includes(name as Name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`Unknown name "${unknown}", expected some of ${known.join(",")}.`);
  }
  return [...new Set(given as Name[])];
}
