#!/usr/bin/env node
import { parseArgs } from "node:util";
import { devices, formatMachine, formatSimulation, type SimulatedModel, simulatedModels } from "./simulation.js";

const usage = `convoy-simulate [--model ${Object.keys(simulatedModels).join("|")}] [--batch 32] [--device ${Object.keys(devices).join("|")}] [--gflops n] [--gbytes n] [--cores n]

Prints the expected speed of training for 1 to 1,024 processes on networks of 10, 100 and 400 Gbit/s (@convoy/distributed).

  --model   default: all
  --batch   samples of each process; default 32
  --device  what each process computes on; default gpu
  --cores   ranks on one machine of so many cores, in place of networks
  --gflops  GFLOP/s that it reaches, --gbytes GB/s; default: the device's`;

function main(): void {
  const { values } = parseArgs({
    options: {
      model: { type: "string" },
      batch: { type: "string", default: "32" },
      device: { type: "string", default: "gpu" },
      cores: { type: "string" },
      gflops: { type: "string" },
      gbytes: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const known = devices[values.device];
  const names = values.model === undefined ? Object.keys(simulatedModels) : [values.model];
  const batchPerRank = Number(values.batch);
  const wrong =
    (known === undefined && `--device is ${values.device}, known are ${Object.keys(devices).join(", ")}`) ||
    (names.some((name) => !Object.hasOwn(simulatedModels, name)) &&
      `--model is ${values.model}, known are ${Object.keys(simulatedModels).join(", ")}`) ||
    (values.cores !== undefined &&
      !/^[1-9]\d*$/.test(values.cores) &&
      `--cores is ${values.cores}, expected a number from 1`) ||
    (!(Number.isInteger(batchPerRank) && batchPerRank > 0) && `--batch is ${values.batch}, expected a number from 1`);
  if (wrong) {
    console.error(`convoy-simulate: ${wrong}`);
    process.exitCode = 2;
    return;
  }
  const device = {
    ...known!,
    ...(values.gflops === undefined ? {} : { flopsPerSecond: 1e9 * Number(values.gflops) }),
    ...(values.gbytes === undefined ? {} : { bytesPerSecond: 1e9 * Number(values.gbytes) }),
  };
  const tables = names.map((name) => {
    const request = { model: name as SimulatedModel, batchPerRank, device };
    return values.cores === undefined ? formatSimulation(request) : formatMachine(request, Number(values.cores));
  });
  console.log(tables.join("\n\n"));
}

main();
