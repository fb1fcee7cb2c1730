/**
 * How the threads of one backend share the work of a program: every stage is a number of tasks, a thread takes the tasks of
 * its own range first and then those that others have not got to, and all meet at a barrier before the next stage.
 *
 * Which thread runs a task never changes its result: a task writes a place of its own, and sums that cross tasks are added
 * up in a later stage, in the order of the tasks.
 *
 * Control block, one cache line of 64 bytes each: arrived, generation, sleepers, poison, fault (code, value), then one task
 * counter for each thread.
 */

import {
  CONTROL_ARRIVED,
  CONTROL_COUNTERS,
  CONTROL_FAULT,
  CONTROL_GENERATION,
  CONTROL_LINE,
  CONTROL_POISON,
  CONTROL_SLEEPERS,
} from "./generated/constants";

/** Checks of the generation before a thread goes to sleep: about a tenth of a millisecond. */
const SPINS: i32 = 20000;
/** How long a thread sleeps before it looks whether another one has failed. */
const SLEEP_NS: i64 = 20_000_000;

let control: usize = 0;
let thread: i32 = 0;
let threads: i32 = 1;
/** Tasks taken so far in this stage, where there is only one thread. */
let taken: i32 = 0;

export function joinThreads(controlBlock: usize, index: i32, count: i32): void {
  control = controlBlock;
  thread = index;
  threads = count;
  taken = 0;
}

/** The next task of this stage, or -1 when none is left. */
export function takeTask(taskCount: i32): i32 {
  if (!ASC_FEATURE_THREADS || threads === 1) {
    return taken < taskCount ? taken++ : -1;
  }
  for (let step = 0; step < threads; step++) {
    let owner = thread + step;
    if (owner >= threads) owner -= threads;
    const first = <i32>((<i64>taskCount * owner) / threads);
    const end = <i32>((<i64>taskCount * (owner + 1)) / threads);
    const counter = control + CONTROL_COUNTERS + <usize>owner * CONTROL_LINE;
    if (first + atomic.load<i32>(counter) < end) {
      const task = first + atomic.add<i32>(counter, 1);
      if (task < end) return task;
    }
  }
  return -1;
}

/** Waits until every thread is here. False when one of them has failed and the run is to end. */
export function barrier(): bool {
  if (!ASC_FEATURE_THREADS || threads === 1) {
    taken = 0;
    return load<i32>(control + CONTROL_FAULT) === 0;
  }
  const generation = atomic.load<i32>(control + CONTROL_GENERATION);
  if (atomic.add<i32>(control + CONTROL_ARRIVED, 1) === threads - 1) {
    for (let owner = 0; owner < threads; owner++) {
      atomic.store<i32>(control + CONTROL_COUNTERS + <usize>owner * CONTROL_LINE, 0);
    }
    atomic.store<i32>(control + CONTROL_ARRIVED, 0);
    atomic.store<i32>(control + CONTROL_GENERATION, generation + 1);
    if (atomic.load<i32>(control + CONTROL_SLEEPERS) > 0) atomic.notify(control + CONTROL_GENERATION, -1);
  } else {
    let spins = 0;
    while (atomic.load<i32>(control + CONTROL_GENERATION) === generation) {
      if (++spins > SPINS) {
        // A fault may have been seen, and the run left, by the threads that this one waits for.
        if (atomic.load<i32>(control + CONTROL_POISON) !== 0 || atomic.load<i32>(control + CONTROL_FAULT) !== 0)
          return false;
        atomic.add<i32>(control + CONTROL_SLEEPERS, 1);
        atomic.wait<i32>(control + CONTROL_GENERATION, generation, SLEEP_NS);
        atomic.sub<i32>(control + CONTROL_SLEEPERS, 1);
      }
    }
  }
  return atomic.load<i32>(control + CONTROL_FAULT) === 0;
}

/** Ends the run at the next barrier: `code` says why, `value` is the number that was wrong. */
export function fault(code: i32, value: i32): void {
  store<i32>(control + CONTROL_FAULT, value, 4);
  if (ASC_FEATURE_THREADS) atomic.store<i32>(control + CONTROL_FAULT, code);
  else store<i32>(control + CONTROL_FAULT, code);
}
