/** The step that this thread works on: its row of the step table and the scratch memory of the thread. */

let row: usize = 0;
let scratchStart: usize = 0;

export function setStep(stepRow: usize): void {
  row = stepRow;
}

export function setScratch(start: usize): void {
  scratchStart = start;
}

/** Memory of this thread alone, undefined at the start of every task. */
// @ts-ignore: decorator
@inline
export function scratch(): usize {
  return scratchStart;
}

/** 32 bytes of zeros: the host leaves them in front of each thread's scratch memory. */
// @ts-ignore: decorator
@inline
export function zeros(): usize {
  return scratchStart - 64;
}

export function iteration(): u32 {
  return load<u32>(row);
}

export function batchStart(): i32 {
  return load<i32>(row, 4);
}

export function learningRate(): f32 {
  return load<f32>(row, 8);
}

export function stepSize(): f32 {
  return load<f32>(row, 12);
}

export function seedLow(): u32 {
  return load<u32>(row, 16);
}

export function seedHigh(): u32 {
  return load<u32>(row, 20);
}
