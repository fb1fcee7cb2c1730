// What each of several processes runs: trains the network for some epochs and says on rank 0 how long each took.
import { writeFileSync } from "node:fs";
import { applications } from "@convoy/core";
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
// The first epoch also makes the plans.
for (let epoch = 0; epoch <= epochs; epoch++) {
  const started = performance.now();
  await model.fit(images, labels, { batchSize, seed: seed + epoch, verbose: 0 });
  epochMs.push(performance.now() - started);
}
if (backend.rank === 0) {
  writeFileSync(resultFile, JSON.stringify(epochMs.slice(1)));
}
model.dispose();
await backend.dispose();
