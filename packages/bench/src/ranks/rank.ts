// What each of several processes runs: trains the network for some epochs and says on rank 0 how long each took.
import { writeFileSync } from "node:fs";
import { applications, callbacks } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import { distribute } from "@convoy/distributed";
import { openBackend } from "../backends/backends.js";
import type { RankRequest } from "./measureRanks.js";

const {
  model: name,
  batchSize,
  epochs,
  samples,
  seed,
  threads,
  resultFile,
} = JSON.parse(process.argv[2]!) as RankRequest;
const backend = await distribute(await openBackend("wasm", { threads }));
const { images, labels } = syntheticDigits({ samples, seed });
const model = applications[name]({ seed });
model.compile({
  backend,
  optimizer: "adam",
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
const epochMs: number[] = [];
let started = 0;
const stopwatch = callbacks.lambdaCallback({
  onEpochBegin: () => {
    started = performance.now();
  },
  onEpochEnd: () => {
    epochMs.push(performance.now() - started);
  },
});
// The first epoch also makes the plans.
await model.fit(images, labels, { epochs: epochs + 1, batchSize, seed, verbose: 0, callbacks: [stopwatch] });
if (backend.rank === 0) {
  writeFileSync(resultFile, JSON.stringify(epochMs.slice(1)));
}
model.dispose();
await backend.dispose();
