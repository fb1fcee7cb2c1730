// A training that is backed up as it goes, and what may go wrong with it: { backup, kill: { rank, step }, unlike: { [what]: rank }, leave, leaveIn,
// after: whether it is validated, evaluated and predicts as well }.
import { createHash } from "node:crypto";
import { wasm } from "@convoy/backend-wasm";
import { callbacks, layers, sequential } from "@convoy/core";
import { distribute } from "@convoy/distributed";
import { report } from "./reports.mjs";

const { backup, checkpoint, kill, unlike, leave, leaveIn, after, epochs = 3 } = JSON.parse(process.argv[2] ?? "{}");
const backend = await distribute(await wasm({ threads: 1 }));
const isUnlike = (what) => unlike?.[what] === backend.rank;

const rows = 40;
const x = {
  data: Float32Array.from({ length: rows * 16 }, (_, index) => ((index * 37) % 101) / 101),
  shape: [rows, 4, 4, 1],
};
const y = Int32Array.from({ length: rows }, (_, index) => index % 3);
if (isUnlike("data set")) {
  x.data[5] = 0.5;
}
const model = sequential(
  [
    layers.conv2d({ filters: isUnlike("model") ? 5 : 4, kernelSize: 2, activation: "relu", inputShape: [4, 4, 1] }),
    layers.flatten(),
    layers.dense({ units: 3, activation: "softmax" }),
  ],
  { seed: 2 },
);
model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
if (leave === backend.rank) {
  process.exit(0);
}
if (leave === -1 - backend.rank) {
  throw new Error("what a script throws");
}
if (leaveIn === backend.rank) {
  // The others begin a moment later: the first thing that they do together is still under way.
  setImmediate(() => process.exit(0));
} else if (leaveIn !== undefined) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
const killing = callbacks.lambdaCallback({
  onBatchEnd(_step, _, training) {
    if (kill?.rank === backend.rank && training.iteration >= kill.step) {
      process.kill(process.pid, "SIGKILL");
    }
  },
});
/** The first samples: all, or one less on a rank that is to be unlike. */
const firstRows = (what) => {
  const count = rows - (isUnlike(what) ? 1 : 0);
  return [{ data: x.data.slice(0, count * 16), shape: [count, 4, 4, 1] }, y.slice(0, count)];
};
const validationData = firstRows("validation rows");
if (isUnlike("validation data")) {
  validationData[0].data[5] = 0.5;
}
const { history } = await model.fit(x, y, {
  epochs,
  batchSize: isUnlike("batch size") ? 4 : 8,
  seed: isUnlike("seed") ? 9 : 1,
  verbose: checkpoint ? 2 : 0,
  ...(isUnlike("validation") || after ? { validationData } : {}),
  callbacks: [
    killing,
    ...(isUnlike("callbacks") ? [{ batchInterval: 2, onBatchEnd: () => undefined }] : []),
    ...(backup ? [callbacks.backupAndRestore(backup, { saveFreq: 2, deleteCheckpoint: false })] : []),
    ...(checkpoint ? [callbacks.modelCheckpoint(checkpoint), callbacks.csvLogger(`${checkpoint}.csv`)] : []),
  ],
});
if (after) {
  if (isUnlike("next call")) {
    await model.predict(x, { batchSize: 8 });
  } else if (unlike?.["next call"] !== undefined) {
    await model.fit(x, y, { batchSize: 8, verbose: 0 });
  }
  await model.evaluate(...firstRows("evaluated rows"), { batchSize: 8, verbose: 0 });
  await model.predict(firstRows("predicted rows")[0], { batchSize: 8 });
}
const hash = createHash("sha256");
for (const { data } of await model.getWeights()) {
  hash.update(data);
}
const { library, mpi } = backend.device.details;
report(backend.rank, { weights: hash.digest("hex"), loss: history.loss.at(-1), library, mpi });
