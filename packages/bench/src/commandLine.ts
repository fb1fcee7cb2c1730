import { Command, InvalidArgumentError, Option } from "commander";
import { backendNames, isBuiltIn } from "./backends/backends.js";
import { modelNames } from "./networks/models.js";
import type { OpsRequest } from "./ops/runOps.js";
import { peerNames } from "./peers/peers.js";
import { datasetNames } from "./training/loadData.js";
import type { TrainingRequest } from "./training/trainingRequest.js";

/** What the command line asks for. `json` is where the report goes as well. */
export type Request =
  | { readonly command: "train"; readonly request: TrainingRequest; readonly json?: string }
  | { readonly command: "ops"; readonly request: OpsRequest; readonly json?: string };

/** Where help and errors go; default: the process's own streams. */
export interface CommandLineOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

const maxSeed = 2 ** 32 - 1;

/**
 * Reads the arguments after the command's name. Throws commander's `CommanderError`, which has the exit code, after help
 * has been shown or the error explained.
 */
export function parseCommandLine(args: readonly string[], output?: CommandLineOutput): Request {
  let parsed: Request | undefined;
  const program = new Command("bench")
    .description(
      "Trains a convolutional network on every backend available on this machine and reports how fast each one is.",
    )
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError();
  if (output !== undefined) {
    program.configureOutput(output);
  }
  program
    .addOption(backendsOption())
    .addOption(backendOption())
    .addOption(new Option("--model <name>", "network to train").choices(modelNames).default(modelNames[0]))
    .addOption(
      new Option(
        "--dataset <name>",
        "images to train on (default: mnist, cifar10 or synthetic, whichever fits the network)",
      ).choices(datasetNames),
    )
    .addOption(count("--epochs <number>", "passes over the training samples (default: 1)"))
    .addOption(counts("--batch-size <numbers>", "samples per step, or several sizes: 32,64").default([64], "64"))
    .addOption(count("--train-samples <number>", "training samples per epoch (default: all)"))
    .addOption(
      count(
        "--time-limit <seconds>",
        "most seconds of training each (default: 10 unless --epochs or --train-samples say how much)",
      ),
    )
    .addOption(
      new Option("--rounds <number>", "rounds in which all take turns; their medians count")
        .argParser((text: string) => wholeNumber(text, 0, 1000))
        .default(7),
    )
    .addOption(seedOption())
    .addOption(count("--seeds <number>", "runs with so many seeds, from --seed on").default(1))
    .addOption(counts("--threads <numbers>", "threads of the WASM backend and of PyTorch, or several (default: all)"))
    .addOption(
      new Option("--peers <names>", `other libraries to compare with: ${peerNames.join(",")}`)
        .argParser((text: string) => names(text, peerNames))
        .default([], "none"),
    )
    .addOption(jsonOption())
    .action(({ json, backend, batchSize, ...request }: TrainingOptions & OwnOptions, command: Command) => {
      const backends = chosenBackends(request.backends, backend, command);
      const batchSizes = batchSize;
      parsed = {
        command: "train",
        request: { ...request, backends, batchSizes },
        ...(json === undefined ? {} : { json }),
      };
    });
  program
    .command("ops")
    .description("Measures the ops of the networks one by one.")
    .addOption(backendsOption())
    .addOption(backendOption())
    .addOption(new Option("--filter <text>", "only ops whose name or shapes contain this").default("", "all"))
    .addOption(count("--batch-size <number>", "samples per step").default(64))
    .addOption(threadsOption())
    .addOption(jsonOption())
    .action(({ json, backend, ...request }: OpsRequest & OwnOptions, command: Command) => {
      const backends = chosenBackends(request.backends, backend, command);
      parsed = { command: "ops", request: { ...request, backends }, ...(json === undefined ? {} : { json }) };
    });
  program.parse(args, { from: "user" });
  return parsed!;
}

/** The request as the command line has it. */
interface TrainingOptions extends Omit<TrainingRequest, "batchSizes"> {
  readonly batchSize: readonly number[];
}

/** What the command line has beyond the request. */
interface OwnOptions {
  readonly json?: string;
  /** Of every `--backend`, in order. */
  readonly backend?: readonly string[];
}

function backendsOption(): Option {
  return new Option(
    "--backends <names>",
    "backends to run, separated by commas: names, and paths or @scope/packages of third parties",
  )
    .argParser((text: string) => names(text, backendNames, isModule))
    .default(backendNames, `${backendNames.join(",")}; none with --backend`);
}

function backendOption(): Option {
  return new Option(
    "--backend <module>",
    "a third party's backend: ./my-backend.js, a package, or either with #export; may be repeated",
  ).argParser((text: string, earlier: readonly string[] | undefined) => {
    if (text.trim() === "") {
      throw new InvalidArgumentError("Expected the path of a file or the name of a package.");
    }
    return [...(earlier ?? []), text.trim()];
  });
}

/** Each once: those of `--backends`, which runs everything only where no `--backend` says what to run, then the others. */
function chosenBackends(listed: readonly string[], own: readonly string[] = [], command: Command): string[] {
  const isListed = command.getOptionValueSource("backends") !== "default";
  return [...new Set([...(isListed || own.length === 0 ? listed : []), ...own])];
}

/** A path, or a package with a scope: what cannot be a misspelt name. */
function isModule(text: string): boolean {
  return !isBuiltIn(text) && /^[.@/\\]|^[A-Za-z]:[\\/]|^file:/.test(text);
}

function jsonOption(): Option {
  return new Option("--json <file>", "also write the report as JSON");
}

function threadsOption(): Option {
  return count("--threads <number>", "threads of the WASM backend and of PyTorch (default: all cores)");
}

function seedOption(): Option {
  return new Option("--seed <number>", "seed of the initial weights and of the sample order")
    .argParser((text: string) => wholeNumber(text, 0, maxSeed))
    .default(0);
}

function count(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => wholeNumber(text, 1, 2 ** 31 - 1));
}

function counts(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => [
    ...new Set(text.split(",").map((part) => wholeNumber(part.trim(), 1, 2 ** 31 - 1))),
  ]);
}

function wholeNumber(text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
  }
  return value;
}

/** A list of names, each once, in the order given. Those that `others` accepts need not be known. */
function names<Name extends string>(
  text: string,
  known: readonly Name[],
  others: (name: string) => boolean = () => false,
): Name[] {
  const given = text.split(",").map((name) => name.trim());
  const unknown = given.find((name) => !known.includes(name as Name) && !others(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`Unknown name "${unknown}", expected any of ${known.join(",")}.`);
  }
  return [...new Set(given as Name[])];
}
