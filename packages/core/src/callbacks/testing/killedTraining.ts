import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const built = (path: string): string => new URL(`../../../dist/${path}`, import.meta.url).href;

/** Trains for 252 steps with backups, and writes weights and log when it is done. Says when three more steps are done. */
const program = `
  import { callbacks, layers, optimizers, sequential } from ${JSON.stringify(built("index.js"))};
  import { reference } from ${JSON.stringify(built("reference/index.js"))};
  import { writeFileSync } from "node:fs";
  const [folder, saveFreq] = process.argv.slice(1);
  const rows = 130;
  const x = { data: Float32Array.from({ length: rows * 36 }, (_, index) => Math.sin(index * 1.7)), shape: [rows, 6, 6, 1] };
  const y = Array.from({ length: rows }, (_, row) => row % 3);
  const model = sequential([
    layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 1] }),
    layers.batchNormalization(),
    layers.relu(),
    layers.flatten(),
    layers.dropout({ rate: 0.25 }),
    layers.dense({ units: 3, activation: "softmax" }),
  ]);
  const optimizer = optimizers.adam({ learningRate: 0.02, useEma: true, emaMomentum: 0.9, gradientAccumulationSteps: 3 });
  model.compile({ backend: await reference(), optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  await model.fit(x, y, {
    epochs: 12, batchSize: 5, validationSplit: 0.2, verbose: 0, seed: 3,
    callbacks: [
      callbacks.backupAndRestore(folder + "/backup", { saveFreq: saveFreq === "epoch" ? saveFreq : Number(saveFreq) }),
      { batchInterval: 3, onBatchEnd: () => void process.stdout.write("x") },
      callbacks.reduceLROnPlateau({ factor: 0.5, patience: 1 }),
      callbacks.csvLogger(folder + "/log.csv"),
    ],
  });
  const weights = (await model.getWeights()).flatMap(({ data }) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)]);
  writeFileSync(folder + "/weights.json", JSON.stringify(weights));
`;

/** What a training has left behind. */
export interface TrainedFiles {
  /** The bits of all weights. */
  readonly weights: string;
  /** Of every epoch, in CSV. */
  readonly log: string;
  /** How often it was killed before it was done. */
  readonly kills: number;
  readonly backupIsLeft: boolean;
}

/**
 * Runs a training script again and again until it is done, and kills it at random moments: within some steps of its start.
 * @param saveFreq of its backups
 * @param kills at most so many; after these it is left alone
 */
export async function train(
  saveFreq: "epoch" | number,
  { kills, steps }: { readonly kills: number; readonly steps: number },
): Promise<TrainedFiles> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-training-")));
  try {
    let killed = 0;
    while (!(await run(folder, saveFreq, killed < kills ? (steps / 3) * Math.random() : Infinity))) {
      killed++;
    }
    return {
      weights: readFileSync(join(folder, "weights.json"), "utf8"),
      log: readFileSync(join(folder, "log.csv"), "utf8"),
      kills: killed,
      backupIsLeft: existsSync(join(folder, "backup")),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the script, to its end or until it is killed. Returns whether it was done. */
async function run(folder: string, saveFreq: "epoch" | number, killAfter: number): Promise<boolean> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, folder, String(saveFreq)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let reports = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    const before = reports;
    reports += chunk.length;
    if (before <= killAfter && reports > killAfter) {
      setTimeout(() => child.kill("SIGKILL"), 10 * Math.random());
    }
  });
  await once(child, "close");
  if (child.exitCode !== 0 && child.signalCode !== "SIGKILL") {
    throw new Error(`the training script failed: ${errors}`);
  }
  return child.exitCode === 0;
}
