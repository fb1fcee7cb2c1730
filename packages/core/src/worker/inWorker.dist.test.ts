import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { inWorker, workerFunctions } from "./index.js";

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
const source = `
  import { layers, sequential, ShapeError } from "${dist("index.js")}";
  import { reference } from "${dist("reference/index.js")}";
  import { workerFunctions } from "${dist("worker/index.js")}";
  workerFunctions({
    async train(epochs, { onProgress }) {
      const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
      const backend = await reference();
      model.compile({ backend, optimizer: "sgd", loss: "meanSquaredError" });
      const x = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
      const y = { data: Float32Array.of(1, 2), shape: [2, 1] };
      const watch = { onEpochEnd: (_, { loss }) => onProgress(loss) };
      const { history } = await model.fit(x, y, { epochs, verbose: 0, callbacks: [watch] });
      return { losses: Float32Array.from(history.loss), device: backend.device.name };
    },
    add: (a, b) => a + b,
    fail(kind) { throw kind === "shape" ? new ShapeError("it does not fit") : new TypeError("a defect"); },
    hang: () => new Promise(() => undefined),
    crash() { setTimeout(() => { throw new Error("out of everything"); }); return new Promise(() => undefined); },
  });
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-worker-"));
  writeFileSync(join(folder, "train.mjs"), source);
  writeFileSync(join(folder, "broken.mjs"), 'import "./none.js";');
});

afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Runs a script that starts workers and gives what it calls `told` with, as JSON. In a process of its own: workers inherit the
 * flags of vitest's, which lead to the sources.
 */
async function run(body: string): Promise<unknown[]> {
  const file = join(folder, `main${Math.random()}.mjs`);
  writeFileSync(
    file,
    `import { inWorker } from "${dist("worker/index.js")}";
     import * as core from "${dist("index.js")}";
     const told = (value) => console.log(JSON.stringify(value));
     const start = (name = "train.mjs") => inWorker(new URL(name, import.meta.url));
     const reason = (call) => call.then(() => told("resolved"), (error) => told([error.name, error.message]));
     ${body}`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, NODE_OPTIONS: "" } });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

it("trains in another thread and tells progress", async () => {
  const [losses, isArray, device, seen, sums] = await run(`
    const { functions, terminate } = start();
    const seen = [];
    const { losses, device } = await functions.train(3, { onProgress: (loss) => seen.push(Math.fround(loss)) });
    told([...losses]);
    told(losses instanceof Float32Array);
    told(device);
    told(seen);
    told(await Promise.all([functions.add(1, 2), functions.add(3, 4)]));
    terminate();
  `);
  expect(losses).toHaveLength(3);
  expect([isArray, device, seen, sums]).toEqual([true, "JavaScript, 1 thread", losses, [3, 7]]);
});

it("throws what the function throws, of the same class", async () => {
  const told = await run(`
    const { functions, terminate } = start();
    await functions.fail("shape").catch((error) => told([error instanceof core.ShapeError, error.message, error.stack.includes("in a worker")]));
    await reason(functions.fail("plain"));
    await reason(functions.ad());
    terminate();
  `);
  expect(told).toEqual([
    [true, "it does not fit", true],
    ["TypeError", "a defect"],
    ["ArgumentError", "inWorker: the worker has no function ad; it has train, add, fail, hang, crash"],
  ]);
});

it("ends calls that are under way when the worker is ended, breaks down or cannot be loaded", async () => {
  const told = await run(`
    const { functions, terminate } = start();
    await functions.add(1, 1);
    const hanging = reason(functions.hang());
    setTimeout(terminate, 10);
    await hanging;
    await reason(functions.add(1, 1));
    await reason(start().functions.crash());
    await reason(start("broken.mjs").functions.add(1, 1));
  `);
  const ended = ["StateError", "inWorker: the worker has been ended by terminate()"];
  const loading = ["DeviceError", expect.stringMatching(/broke down: Cannot find module/)];
  expect(told).toEqual([
    ...[ended, ended],
    ["DeviceError", "inWorker: the worker broke down: out of everything"],
    loading,
  ]);
});

it("says how it is used", async () => {
  expect(() => inWorker("./train.js" as unknown as URL)).toThrow("expected a URL or a function that starts a worker");
  expect(() => workerFunctions({})).toThrow("this module does not run in a worker");
});
