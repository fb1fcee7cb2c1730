/**
 * The interpreter of programs: a whole training step, and many of them, without returning to the host.
 *
 * A program is words of 32 bits. Header: number of stages, number of results of a step. A stage: number of launches, number of
 * tasks, bytes of its launches; all threads meet at a barrier behind it. A launch: kernel number, the task of the stage at
 * which the next launch begins, bytes of its arguments, then the arguments: the fields of the kernel's class in
 * generated/args.ts. `src/program/encode.ts` writes what is read here.
 */

import { STEP_BYTES } from "./generated/constants";
import { runTask } from "./generated/dispatch";
import { setScratch, setStep } from "./step";
import { barrier, joinThreads, takeTask } from "./threads";

/** This thread's share of one stage. */
function runStage(launches: usize, taskCount: i32): void {
  let launch = launches;
  let first: i32 = 0;
  for (;;) {
    const task = takeTask(taskCount);
    if (task < 0) return;
    // A thread that helps others may be sent back.
    if (task < first) {
      launch = launches;
      first = 0;
    }
    while (task >= load<i32>(launch, 4)) {
      first = load<i32>(launch, 4);
      launch += 12 + load<usize>(launch, 8);
    }
    runTask(load<i32>(launch), launch + 12, load<i32>(launch, 8), task - first);
  }
}

/**
 * Runs `program` once for each of `stepCount` rows at `steps`, as thread `thread` of `threads` that call this at the same
 * time with the same program. Results go to `resultsStart`, one row a step. 0: done; 1: another thread failed or a kernel
 * found a fault, which then stands in the control block.
 */
export function run(
  control: usize,
  thread: i32,
  threads: i32,
  scratchStart: usize,
  program: usize,
  steps: usize,
  stepCount: i32,
  resultsStart: usize,
): i32 {
  joinThreads(control, thread, threads);
  setScratch(scratchStart);
  const stages = load<i32>(program);
  const resultBytes = load<usize>(program, 4) << 2;
  let results = resultsStart;
  for (let step = 0; step < stepCount; step++) {
    setStep(steps + <usize>step * STEP_BYTES, results);
    let at = program + 8;
    for (let stage = 0; stage < stages; stage++) {
      runStage(at + 12, load<i32>(at, 4));
      if (!barrier()) return 1;
      at += 12 + load<usize>(at, 8);
    }
    results += resultBytes;
  }
  return 0;
}
