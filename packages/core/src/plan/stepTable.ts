/**
 * What changes from step to step, one row of eight 32-bit words a step (little endian, as every device here is):
 *
 * | word | type    | content                                                                     |
 * | ---- | ------- | --------------------------------------------------------------------------- |
 * | 0    | uint32  | iteration: training steps before this one, over the life of the optimizer   |
 * | 1    | uint32  | batchStart: row of the data set (or position in its order) of the first sample |
 * | 2    | float32 | learningRate                                                                |
 * | 3    | float32 | stepSize: the learning rate after the optimizer's bias correction           |
 * | 4, 5 | uint32  | seed: the key words of the training seed, low word first                    |
 * | 6    | float32 | gradientStep: multiplies the gradient itself in Nadam, else 0               |
 * | 7    | float32 | secondMomentScale: bias correction of Nadam's second moment, else 0         |
 */
export const stepWords = 8;

/** Bytes of a row. */
export const stepBytes: number = stepWords * 4;

/** Word positions in a row. */
export const stepLayout = {
  iteration: 0,
  batchStart: 1,
  learningRate: 2,
  stepSize: 3,
  seedLow: 4,
  seedHigh: 5,
  gradientStep: 6,
  secondMomentScale: 7,
} as const;

/** One step's values. */
export interface StepValues {
  readonly iteration: number;
  readonly batchStart: number;
  readonly learningRate: number;
  readonly stepSize: number;
  /** Key words of the seed, low word first. */
  readonly seed: readonly [number, number];
  /** Default 0. */
  readonly gradientStep?: number;
  /** Default 0. */
  readonly secondMomentScale?: number;
}

/** The rows of some steps, ready to be copied to a device. */
export interface StepTable {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Packs steps into rows. */
export function packSteps(steps: readonly StepValues[]): StepTable {
  const buffer = new ArrayBuffer(steps.length * stepBytes);
  const words = new Uint32Array(buffer);
  const floats = new Float32Array(buffer);
  steps.forEach((step, row) => {
    const start = row * stepWords;
    words[start + stepLayout.iteration] = step.iteration;
    words[start + stepLayout.batchStart] = step.batchStart;
    floats[start + stepLayout.learningRate] = step.learningRate;
    floats[start + stepLayout.stepSize] = step.stepSize;
    words[start + stepLayout.seedLow] = step.seed[0];
    words[start + stepLayout.seedHigh] = step.seed[1];
    floats[start + stepLayout.gradientStep] = step.gradientStep ?? 0;
    floats[start + stepLayout.secondMomentScale] = step.secondMomentScale ?? 0;
  });
  return { count: steps.length, bytes: new Uint8Array(buffer) };
}

/** Reads one row back. */
export function unpackStep(table: StepTable, row: number): Required<StepValues> {
  const view = new DataView(table.bytes.buffer, table.bytes.byteOffset + row * stepBytes, stepBytes);
  return {
    iteration: view.getUint32(stepLayout.iteration * 4, true),
    batchStart: view.getUint32(stepLayout.batchStart * 4, true),
    learningRate: view.getFloat32(stepLayout.learningRate * 4, true),
    stepSize: view.getFloat32(stepLayout.stepSize * 4, true),
    seed: [view.getUint32(stepLayout.seedLow * 4, true), view.getUint32(stepLayout.seedHigh * 4, true)],
    gradientStep: view.getFloat32(stepLayout.gradientStep * 4, true),
    secondMomentScale: view.getFloat32(stepLayout.secondMomentScale * 4, true),
  };
}
