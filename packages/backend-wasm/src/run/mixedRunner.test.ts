import { expect, it } from "vitest";
import type { InlineRunner } from "./inlineRunner.js";
import type { Job, Runner } from "./job.js";
import { MixedRunner } from "./mixedRunner.js";
import type { WorkerPool } from "./workerPool.js";

const job: Job = { scratch: 0, scratchStride: 0, program: 0, steps: 0, stepCount: 1, stepMicroseconds: 1, results: 0 };

/** A runner of two parts that say which of them ran a job. */
function mixed(states: { pool?: Runner["state"]; inline?: Runner["state"] } = {}) {
  const ran: string[] = [];
  const part = (name: string, state: Runner["state"] = "sound") => ({
    threads: 2,
    state,
    run: async () => void ran.push(name),
    dispose: async () => void ran.push(`${name} disposed`),
  });
  const pool = part("pool", states.pool) as unknown as WorkerPool;
  const inline = part("inline", states.inline) as unknown as InlineRunner;
  return { runner: new MixedRunner(pool, inline), ran };
}

it("takes short jobs itself and leaves long ones, and many short steps, to the pool", async () => {
  const { runner, ran } = mixed();
  await runner.run(job);
  await runner.run({ ...job, stepMicroseconds: 10_000 });
  await runner.run({ ...job, stepMicroseconds: 100, stepCount: 2 });
  await runner.run({ ...job, stepMicroseconds: 100, stepCount: 3 });
  expect(ran).toEqual(["inline", "pool", "inline", "pool"]);
});

it("is failed where either part is, and lets a pool that has failed say so", async () => {
  expect(mixed().runner.state).toBe("sound");
  expect(mixed({ inline: "failed" }).runner.state).toBe("failed");
  expect(mixed({ pool: "disposed", inline: "failed" }).runner.state).toBe("disposed");
  const { runner, ran } = mixed({ pool: "failed" });
  await runner.run(job);
  expect(ran).toEqual(["pool"]);
});

it("disposes both", async () => {
  const { runner, ran } = mixed();
  await runner.dispose();
  expect(ran).toEqual(["inline disposed", "pool disposed"]);
});
