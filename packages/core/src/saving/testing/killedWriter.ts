import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "../../index.js";

/** The built package: Node 20 runs no TypeScript. */
const built = new URL("../../../dist/index.js", import.meta.url).href;

/** Saves one model after the other, all of whose weights are the number of the save, and says when one is done. */
const program = `
  import { layers, sequential } from ${JSON.stringify(built)};
  const [path, first] = process.argv.slice(1);
  const model = sequential([layers.dense({ units: 700, inputShape: [700] })]);
  const shapes = (await model.getWeights()).map(({ shape, data }) => ({ shape, length: data.length }));
  for (let number = Number(first); ; number++) {
    await model.setWeights(shapes.map(({ shape, length }) => ({ shape, data: new Float32Array(length).fill(number) })));
    await model.save(path);
    process.stdout.write(number + "\\n");
  }
`;

/** What came of killing a process again and again while it saved. */
export interface KillReport {
  /** Rounds after which the file was there, whole, and the newest one or the one before. */
  readonly sound: number;
  /** Rounds in which the process was in the middle of writing. */
  readonly interrupted: number;
  readonly failures: readonly string[];
}

/** Kills a process that saves a model again and again at random moments, and loads what is there each time. */
export async function killWriters(rounds: number): Promise<KillReport> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-killed-")));
  const path = join(folder, "model.safetensors");
  const failures: string[] = [];
  let [sound, interrupted, next] = [0, 0, 1];
  try {
    for (let round = 0; round < rounds; round++) {
      const before = readdirSync(folder).length;
      const reported = await runAndKill(path, next, 40 * Math.random());
      const problem = await inspect(path, reported);
      if (problem === undefined) {
        sound++;
      } else {
        failures.push(`round ${round}: ${problem}`);
      }
      interrupted += readdirSync(folder).length > Math.max(before, 1) ? 1 : 0;
      next = reported + 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { sound, interrupted, failures };
}

/** Runs the program until some time after its first save. Returns the last save that it reported. */
async function runAndKill(path: string, first: number, milliseconds: number): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, path, String(first)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let reported = first - 1;
  let text = "";
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const started = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      reported = Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
      resolve();
    });
  });
  const closed = once(child, "close");
  await Promise.race([started, closed]);
  if (child.exitCode !== null) {
    throw new Error(`the process that saves ended by itself: ${errors}`);
  }
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
  child.kill("SIGKILL");
  await closed;
  return reported;
}

/** What is wrong with the file, if anything. */
async function inspect(path: string, reported: number): Promise<string | undefined> {
  try {
    const weights = await (await loadModel(path)).getWeights();
    const [number] = weights[0]!.data as Float32Array;
    const whole = weights.every(({ data }) => data.every((value) => value === number));
    if (!whole) {
      return "the file has parts of two models";
    }
    return number === reported || number === reported + 1
      ? undefined
      : `save ${reported} was reported as done, the file is that of save ${number}`;
  } catch (error) {
    return String(error);
  }
}
