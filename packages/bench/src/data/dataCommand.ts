import { BackendUnavailableError } from "@convoy/core";
import { type Command, InvalidArgumentError, Option } from "commander";
import { openBackend } from "../backends/backends.js";
import { describeMachine } from "../machine.js";
import { formatTable } from "../report/table.js";
import { thisMachine } from "../thisMachine.js";
import { measureAugmentation } from "./measureAugmentation.js";
import { measureDecoding } from "./measureDecoding.js";
import { measureStreaming } from "./measureStreaming.js";

/** What `bench data` is asked to do. */
export interface DataRequest {
  readonly backend: string;
  readonly threads: number;
  readonly steps: number;
  readonly images: number;
  readonly rounds: number;
}

/** Adds `bench data` to the command line. */
export function addData(program: Command, done: (request: DataRequest) => void): void {
  program
    .command("data")
    .description("Measures training on data sets that stream, augmentation, and reading folders of JPEG images.")
    .addOption(new Option("--backend <name>", "backend to stream to").default("wasm"))
    .addOption(count("--threads <number>", "threads of the WASM backend, and of decoders").default(2))
    .addOption(count("--steps <number>", "steps of 64 samples in an epoch").default(100))
    .addOption(count("--images <number>", "JPEG files to read in a pass", 4).default(300))
    .addOption(count("--rounds <number>", "epochs and passes of each way").default(5))
    .action((request: DataRequest) => done(request));
}

/** `bench data`: what it costs that data stream to the device, that images are augmented, and that they are decoded on the way. */
export async function runData(
  { backend: name, threads, ...request }: DataRequest,
  print: (line: string) => void = console.log,
): Promise<void> {
  print(`${describeMachine(thisMachine())}, ${threads} threads\n`);
  const backend = await openBackend(name, { threads });
  try {
    const steps = await measureStreaming(backend, { ...request, batchSize: 64 });
    const columns = [`simple on ${backend.name}`, "ms a step", "times the step"];
    print(
      table(
        columns,
        steps.map(({ how, stepMs, ratio }) => [how, stepMs.toFixed(3), ratio.toFixed(3)]),
      ),
    );
    print("");
    const augmented = await measureAugmentation(backend, { ...request, batchSize: 64 });
    print(
      table(
        [...columns, "us added a sample"],
        augmented.map(({ how, stepMs, ratio, addedMicroseconds }) => [
          how,
          stepMs.toFixed(3),
          ratio.toFixed(3),
          addedMicroseconds.toFixed(1),
        ]),
      ),
    );
  } finally {
    await backend.dispose();
  }
  print("");
  try {
    const rates = await measureDecoding({ ...request, threads });
    const columns = ["JPEG 500x375 to 224x224", "images a second", "of sharp alone"];
    const rows = rates.map(({ how, imagesPerSecond, share }) => [
      how,
      imagesPerSecond.toFixed(0),
      `${(100 * share).toFixed(0)}%`,
    ]);
    print(table(columns, rows));
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) {
      throw error;
    }
    print(`reading JPEG files: ${error.message}`);
  }
}

function table([first, ...others]: readonly string[], rows: readonly (readonly string[])[]): string {
  return formatTable([{ heading: first! }, ...others.map((heading) => ({ heading, align: "right" as const }))], rows);
}

function count(flags: string, description: string, least = 1): Option {
  return new Option(flags, description).argParser((text: string) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} up.`);
    }
    return value;
  });
}
