import { Command, InvalidArgumentError, Option } from "commander";
import { describeMachine } from "../machine.js";
import { thisMachine } from "../thisMachine.js";
import { formatRanksTable, measureRanks, type RanksRequest } from "./measureRanks.js";

/** Networks for the digits. */
const models: readonly RanksRequest["model"][] = ["simple", "tutorial"];

/** `bench --ranks 1,2`: what it is worth to train in several processes. */
export async function runRanksCommand(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const command = new Command("bench --ranks")
    .description("Measures training in several processes of @convoy/distributed on this machine, on the WASM backend.")
    .exitOverride()
    .addOption(new Option("--ranks <numbers>", "numbers of processes, separated by commas").argParser(numbers))
    .addOption(new Option("--model <name>", "network to train").choices(models).default("simple"))
    .addOption(count("--epochs <number>", "epochs of which the best counts").default(3))
    .addOption(count("--batch-size <number>", "samples of a step, of all processes together").default(128))
    .addOption(count("--samples <number>", "synthetic digits of an epoch").default(6400))
    .addOption(count("--seed <number>", "seed of weights, digits and their order").default(1))
    .addOption(count("--threads <number>", "threads of each process (default: the cores, shared out)"));
  command.parse(args, { from: "user" });
  const request = command.opts<RanksRequest>();
  print(`${describeMachine(thisMachine())}; ${request.model}, ${request.batchSize} samples a step\n`);
  print(formatRanksTable(await measureRanks(request)));
}

function numbers(text: string): number[] {
  return text.split(",").map((part) => whole(part.trim()));
}

function count(flags: string, description: string): Option {
  return new Option(flags, description).argParser(whole);
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) {
    throw new InvalidArgumentError("Expected a whole number from 1.");
  }
  return value;
}
