import { Command, Option } from "commander";
import { backendNames } from "./backends/names.js";
import {
  backendOption,
  backendsOption,
  chosenBackends,
  count,
  counts,
  jsonOption,
  names,
  share,
  threadsOption,
  wholeNumber,
} from "./commandLineOptions.js";
import type { RevisionsRequest } from "./compare/compareRevisions.js";
import { addData, type DataRequest } from "./data/dataCommand.js";
import { modelNames } from "./networks/models.js";
import type { OpsRequest } from "./ops/runOps.js";
import { peerNames } from "./peers/peers.js";
import { datasetNames } from "./training/loadData.js";
import type { TrainingRequest } from "./training/trainingRequest.js";

/** What the command line asks for. `json` and `html` are where the report goes as well. */
export type Request =
  | { readonly command: "train"; readonly request: TrainingRequest; readonly json?: string; readonly html?: string }
  | { readonly command: "ops"; readonly request: OpsRequest; readonly json?: string; readonly html?: string }
  | { readonly command: "devices"; readonly backends: readonly string[] }
  | { readonly command: "data"; readonly request: DataRequest }
  | { readonly command: "serve"; readonly port: number }
  | { readonly command: "compare"; readonly files: readonly [string, string] }
  | { readonly command: "revisions"; readonly request: RevisionsRequest }
  | {
      readonly command: "report";
      readonly files: readonly string[];
      readonly html: string;
      readonly markdown?: string;
    };

/** Where help and errors go; default: the process's own streams. */
export interface CommandLineOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

/** What the command line has beyond the request. */
interface OwnOptions {
  readonly json?: string;
  readonly html?: string;
  /** Of every `--backend`, in order. */
  readonly backend?: readonly string[];
}

/** The request as the command line has it. */
interface TrainingOptions extends Omit<TrainingRequest, "batchSizes">, OwnOptions {
  readonly batchSize: readonly number[];
}

/**
 * Reads the arguments after the command's name. Throws commander's `CommanderError`, which has the exit code, after help
 * has been shown or the error explained.
 */
export function parseCommandLine(args: readonly string[], output?: CommandLineOutput): Request {
  let parsed: Request | undefined;
  const done = (request: Request): void => {
    parsed = request;
  };
  const program = new Command("bench")
    .description(
      "Trains a convolutional network on every backend available on this machine and reports how fast each one is.",
    )
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nbench --ranks 1,2 measures several processes that train together: bench --ranks 1,2 --help",
    );
  if (output !== undefined) {
    program.configureOutput(output);
  }
  addTraining(program, done);
  addOps(program, done);
  addData(program, (request) => done({ command: "data", request }));
  addDevices(program, done);
  addReports(program, done);
  program.parse(args, { from: "user" });
  return parsed!;
}

type Done = (request: Request) => void;

function addTraining(program: Command, done: Done): void {
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
      share("--target-accuracy <share>", "train until so much of the test images is right, 10 epochs at most: 0.99"),
    )
    .addOption(
      new Option("--rounds <number>", "rounds in which all take turns; their medians count")
        .argParser((text: string) => wholeNumber(text, 0, 1000))
        .default(7),
    )
    .addOption(
      new Option("--seed <number>", "seed of the initial weights and of the sample order")
        .argParser((text: string) => wholeNumber(text, 0, 2 ** 32 - 1))
        .default(0),
    )
    .addOption(count("--seeds <number>", "runs with so many seeds, from --seed on").default(1))
    .addOption(counts("--threads <numbers>", "threads of the WASM backend and of PyTorch, or several (default: all)"))
    .addOption(
      new Option("--peers <names>", `other libraries to compare with: ${peerNames.join(",")}`)
        .argParser((text: string) => names(text, peerNames))
        .default([], "none"),
    )
    .addOption(jsonOption())
    .addOption(htmlOption())
    .action(({ json, html, backend, batchSize: batchSizes, ...request }: TrainingOptions, command: Command) => {
      const backends = chosenBackends(request.backends, backend, command);
      done({ command: "train", request: { ...request, backends, batchSizes }, ...given({ json, html }) });
    });
}

function addOps(program: Command, done: Done): void {
  program
    .command("ops")
    .description("Measures the ops of networks one by one, convolutions of all sizes, or ops that move bytes.")
    .addOption(backendsOption())
    .addOption(backendOption())
    .addOption(
      new Option("--model <name>", "network whose ops are measured (default: tutorial and simple)").choices(modelNames),
    )
    .addOption(
      new Option("--grid", "convolutions of all sizes, in three directions, as a heat map").conflicts([
        "model",
        "filter",
      ]),
    )
    .addOption(
      new Option("--memory", "ops that move bytes, each in turns with a copy of as many").conflicts(["model", "grid"]),
    )
    .addOption(new Option("--filter <text>", "only ops whose name or shapes contain this").default("", "all"))
    .addOption(count("--batch-size <number>", "samples per step").default(64))
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addOption(htmlOption())
    .action(({ json, html, backend, ...request }: OpsRequest & OwnOptions, command: Command) => {
      const backends = chosenBackends(request.backends, backend, command);
      done({ command: "ops", request: { ...request, backends }, ...given({ json, html }) });
    });
}

function addDevices(program: Command, done: Done): void {
  program
    .command("devices")
    .description("Says what this machine has, what is missing and why, and what a newer Node would bring.")
    .addOption(backendsOption())
    .addOption(backendOption())
    .action(({ backends, backend }: OwnOptions & { readonly backends: readonly string[] }, command: Command) => {
      done({ command: "devices", backends: chosenBackends(backends, backend, command) });
    });
}

function addReports(program: Command, done: Done): void {
  program
    .command("compare")
    .description(
      "Compares two reports that --json has written, or builds two versions of Convoy and lets them take turns; the exit code is " +
        "1 where the second is slower.",
    )
    .argument("[before]", "a report")
    .argument("[after]", "another")
    .addOption(new Option("--base <ref>", "in a clone of Convoy: a commit, branch or tag, in place of reports"))
    .addOption(new Option("--head <ref>", "what is compared with it").default("HEAD"))
    .addOption(new Option("--backend <name>", "backend to measure").choices(backendNames).default("wasm"))
    .addOption(new Option("--model <name>", "network to train").choices(modelNames).default("simple"))
    .addOption(count("--batch-size <number>", "samples per step").default(64))
    .addOption(
      new Option("--rounds <number>", "rounds in which both take turns, at least 9")
        .argParser((text: string) => wholeNumber(text, 9, 1000))
        .default(25),
    )
    .addOption(threadsOption())
    .action(
      (before: string | undefined, after: string | undefined, options: Partial<RevisionsRequest>, command: Command) => {
        const { base, ...others } = options;
        if (base !== undefined && before === undefined) {
          done({ command: "revisions", request: { ...others, base } as RevisionsRequest });
        } else if (base === undefined && before !== undefined && after !== undefined) {
          done({ command: "compare", files: [before, after] });
        } else {
          command.error("error: expected two reports, or --base with a version");
        }
      },
    );
  program
    .command("serve")
    .description("Serves a page that runs the benchmark in a browser on this machine.")
    .addOption(
      new Option("--port <number>", "where it listens; 0: any that is free")
        .argParser((text: string) => wholeNumber(text, 0, 65_535))
        .default(8080),
    )
    .action(({ port }: { port: number }) => done({ command: "serve", port }));
  program
    .command("report")
    .description("Writes reports of --json, of one machine or many, as one HTML page.")
    .argument("<reports...>", "files that --json has written")
    .addOption(new Option("--html <file>", "where the page goes").default("bench.html"))
    .addOption(new Option("--markdown <file>", "also write tables as Markdown"))
    .action((files: string[], { html, markdown }: { html: string; markdown?: string }) =>
      done({ command: "report", files, html, ...(markdown === undefined ? {} : { markdown }) }),
    );
}

function htmlOption(): Option {
  return new Option("--html <file>", "also write the report as a page");
}

/** Without the options that were not given. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
