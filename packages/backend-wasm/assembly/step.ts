/** The step that this thread works on: its row of the step table and the scratch memory of the thread. */

import {
  STEP_BATCH_START,
  STEP_GRADIENT_STEP,
  STEP_ITERATION,
  STEP_LEARNING_RATE,
  STEP_SECOND_MOMENT_SCALE,
  STEP_SEED_HIGH,
  STEP_SEED_LOW,
  STEP_STEP_SIZE,
} from "./generated/constants";

let row: usize = 0;
let scratchStart: usize = 0;
let resultsStart: usize = 0;

/** `stepResults`: where the step's results go. */
export function setStep(stepRow: usize, stepResults: usize): void {
  row = stepRow;
  resultsStart = stepResults;
}

export function setScratch(start: usize): void {
  scratchStart = start;
}

/** Where this step's results go. */
// @inline
export function results(): usize {
  return resultsStart;
}

/** Memory of this thread alone, undefined at the start of every task. */
// @inline
export function scratch(): usize {
  return scratchStart;
}

/** 32 bytes of zeros: the host leaves them in front of each thread's scratch memory. */
// @inline
export function zeros(): usize {
  return scratchStart - 64;
}

export function iteration(): u32 {
  return load<u32>(row, STEP_ITERATION);
}

export function batchStart(): i32 {
  return load<i32>(row, STEP_BATCH_START);
}

export function learningRate(): f32 {
  return load<f32>(row, STEP_LEARNING_RATE);
}

export function stepSize(): f32 {
  return load<f32>(row, STEP_STEP_SIZE);
}

export function gradientStep(): f32 {
  return load<f32>(row, STEP_GRADIENT_STEP);
}

export function secondMomentScale(): f32 {
  return load<f32>(row, STEP_SECOND_MOMENT_SCALE);
}

export function seedLow(): u32 {
  return load<u32>(row, STEP_SEED_LOW);
}

export function seedHigh(): u32 {
  return load<u32>(row, STEP_SEED_HIGH);
}
