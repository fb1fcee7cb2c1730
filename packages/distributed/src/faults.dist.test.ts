import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  installedMpis,
  type JobEnd,
  jobEnvironment,
  reportsOf,
  runCommand,
  runJob,
  scriptPath,
} from "./testing/jobs.js";

const folder = mkdtempSync(join(tmpdir(), "convoy-faults-"));
afterAll(() => rmSync(folder, { recursive: true }));

const main = new URL("../dist/launch/main.js", import.meta.url).pathname;

function launch(mpirun: string, processes: number, settings: object, env: NodeJS.ProcessEnv = {}): Promise<JobEnd> {
  const script = [scriptPath("training.mjs"), JSON.stringify(settings)];
  const args = [main, "-n", String(processes), "--oversubscribe", "--mpirun", mpirun, ...script];
  return runCommand(process.execPath, args, env);
}

const mpis = installedMpis();

describe.each(mpis)("over $name", (mpi) => {
  const start = (settings: object, env?: NodeJS.ProcessEnv): Promise<JobEnd> =>
    runJob(mpi, 2, "training.mjs", [JSON.stringify(settings)], env);

  it("a process that is killed ends all others, and the next start goes on to the same bits", async () => {
    const whole = reportsOf<{ weights: string }>(await launch(mpi.mpirun, 3, {}), 3);
    const backup = join(folder, `${mpi.mpirun}.backup`);
    // Any step after the first backup.
    const step = 3 + Math.floor(Math.random() * 10);
    const killed = await launch(mpi.mpirun, 3, { backup, kill: { rank: 1, step } });
    expect(killed.code).not.toBe(0);
    expect(killed.output).toMatch(/rank 1 of 3 has died/);
    expect(killed.durationMs).toBeLessThan(10_000);
    expect(reportsOf(await launch(mpi.mpirun, 3, { backup }), 3)).toEqual(whole);
  }, 40_000);

  it("other data, another seed and another model are found at the start", async () => {
    const unlike = { "data set": 1, seed: 0, model: 2 };
    const { code, output } = await runJob(mpi, 3, "training.mjs", [JSON.stringify({ unlike })]);
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /rank 2 has another model; rank 1 has another data set; ranks 1 and 2 have another seed \(1 and 1; rank 0 has 9\).*than rank 0/,
    );
  });

  it("callbacks and validation of some processes alone are found at the start", async () => {
    const unlike = { callbacks: 1, validation: 0, "batch size": 1 };
    const { code, output } = await start({ unlike });
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /rank 1 has another batch size, number of steps or epochs, or shuffle \(\{"batchSize":4,"stepsPerEpoch":10,.*; rank 0 has \{"batchSize":8,"stepsPerEpoch":5,.*; rank 1 has another rhythm of callbacks between steps .*; rank 1 has another validation \(none; rank 0 has 40 samples in batches of 8\); rank 1 has another validation data than rank 0/,
    );
  });

  it.each([
    [{ "validation rows": 1 }, /rank 1 has another validation \(39 samples in batches of 8; rank 0 has 40 samples in/],
    [{ "validation data": 1 }, /distributed: rank 1 has another validation data than rank 0/],
    [{ "evaluated rows": 1 }, /rank 1 has another number of samples to evaluate \(39; rank 0 has 40\) than rank 0/],
    [{ "predicted rows": 1 }, /rank 1 has another number of samples to predict \(39; rank 0 has 40\) than rank 0/],
    [
      { "next call": 1 },
      /do not do the same: rank 0 compares model, rank 1 compares number of samples to predict; all/,
    ],
  ])("what is not alike behind training is named with its values: %j", async (unlike, message) => {
    const { code, output } = await start({ unlike, after: true });
    expect(code).not.toBe(0);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/MPI error|MPI_ERR|truncated/i);
  });

  it("only the first process prints and writes", async () => {
    const checkpoint = join(folder, `${mpi.mpirun}-{epoch}.safetensors`);
    const end = await start({ checkpoint, epochs: 2 });
    reportsOf(end, 2);
    expect(end.output.match(/Epoch 1\/2/g)).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => name.startsWith(`${mpi.mpirun}-`))).toHaveLength(3);
  });

  it("an error on one process ends all of them, with the error", async () => {
    const { code, output } = await start({ leave: -2 });
    expect(code).not.toBe(0);
    expect(output).toMatch(/rank 1 of 2 ends with an error, and all others with it/);
    expect(output).toMatch(/what a script throws/);
  });

  it("a process that ends its script does not leave the others waiting", async () => {
    const { code, output, durationMs } = await start({ leave: 1 });
    expect(code).not.toBe(0);
    expect(output).toMatch(/rank 1 ended the script; all processes must call fit, evaluate and predict alike/);
    expect(durationMs).toBeLessThan(10_000);
  });

  it("a process that ends its script in the middle of a sum does not leave the others waiting", async () => {
    const { code, output, durationMs } = await start({ leaveIn: 1 });
    expect(code).not.toBe(0);
    expect(output).toMatch(/rank 1 of 2 ends with exit code 0 in the middle of MPI_I\w+, and all others with it/);
    expect(durationMs).toBeLessThan(10_000);
  });

  it("a library that is not the launcher's is found", async () => {
    const other = mpis.find(({ name }) => name !== mpi.name);
    if (other === undefined) {
      return;
    }
    const library = mpi.name === "Open MPI" ? "libmpich.so.12" : "libmpi.so.40";
    const { code, output } = await start({}, { CONVOY_MPI_LIBRARY: library });
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /has started 2 processes, but in .* this one is of 1: library and launcher do not belong together/,
    );
  });

  it("a WASM module that reaches beyond its memory throws, whatever handlers of faults the transport installs", async () => {
    const environment = { UCX_ERROR_SIGNALS: "SIGILL,SIGSEGV,SIGBUS,SIGFPE" };
    const reports = reportsOf<string>(await runJob(mpi, 2, "faults.mjs", [], environment), 2);
    expect(reports).toEqual(Array(2).fill("RuntimeError: memory access out of bounds"));
  });

  it("a library that is missing is named", async () => {
    const { code, output } = await start({}, { CONVOY_MPI_LIBRARY: "/no/libmpi.so" });
    expect(code).not.toBe(0);
    expect(output).toMatch(/the MPI library \/no\/libmpi.so cannot be loaded/);
  });
});

describe("convoy-launch", () => {
  it("says what to install where there is no mpirun", async () => {
    const { code, output } = await launch("/no/mpirun", 2, {});
    expect(code).toBe(127);
    expect(output).toMatch(/no mpirun .*apt-get install openmpi-bin/);
  });

  it("says what is wrong with the command", async () => {
    const { code, output } = await runCommand(process.execPath, [main, "-n", "zero", "train.mjs"], jobEnvironment);
    expect(code).toBe(2);
    expect(output).toMatch(/-n takes the number of processes, from 1, got NaN/);
  });

  it("runs without a launcher as one process", async () => {
    const end = await runCommand(process.execPath, [scriptPath("training.mjs"), "{}"]);
    expect(reportsOf(end, 1)).toHaveLength(1);
  });
});
