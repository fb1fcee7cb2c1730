/**
 * Numbers by which host and kernels mean the same: `assembly/generated/constants.ts` is generated from these tables
 * (`npm run generate`).
 */
import { type DType, type OpAttributes, stepBytes, stepLayout, type UnaryFunction } from "@convoy/core/backend";

/** Elementwise functions; 0 is none. */
export const unaryNumbers: Readonly<Record<UnaryFunction, number>> = {
  relu: 1,
  relu6: 2,
  leakyRelu: 3,
  elu: 4,
  sigmoid: 5,
  tanh: 6,
  log: 7,
  logit: 8,
  softplus: 9,
  softsign: 10,
  hardSigmoid: 11,
  hardSilu: 12,
  silu: 13,
  gelu: 14,
  geluTanh: 15,
  abs: 16,
  square: 17,
  huber: 18,
  power: 19,
};

/** What the labels of a loss or metric are; 0 is none. */
export const labelKinds = { sparse: 1, categorical: 2, binary: 3 } as const;

/** What stands for the right-hand matrix of a product: itself, its panels, or itself to be packed by the way. */
export const panelSources = { none: 0, ready: 1, rows: 2, columns: 3 } as const;

export const elementTypes: Readonly<Record<DType, number>> = { float32: 0, int32: 1, uint8: 2 };

/** What lies beyond the edges of an image that is resampled. */
export const fillNumbers: Readonly<Record<OpAttributes["warp2d"]["fillMode"], number>> = {
  nearest: 0,
  constant: 1,
  reflect: 2,
  wrap: 3,
};

/** What a kernel found wrong with its data. */
export const faultCodes = {
  rowOutsideSource: 1,
  rowOutsideOrder: 2,
  rowOutsideDestination: 3,
  partnerOutsideBatch: 4,
} as const;

/** The control block that the threads meet in: positions in bytes, a cache line for each. */
export const controlLayout = {
  arrived: 0,
  generation: 64,
  sleepers: 128,
  poison: 192,
  /** Code, then the value that was wrong. */
  fault: 256,
  /** One task counter for each thread, a line apart. */
  counters: 320,
  line: 64,
} as const;

/** The step table's fields as positions in bytes. */
const stepPositions: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(stepLayout).map(([name, word]) => [name, word * 4])),
  bytes: stepBytes,
};

/** The tables that are generated: a prefix for the constants, their type, what they are. */
export const constantTables: readonly {
  readonly prefix: string;
  readonly type: "i32" | "usize";
  readonly comment: string;
  readonly values: Readonly<Record<string, number>>;
}[] = [
  { prefix: "unary", type: "i32", comment: "Elementwise functions.", values: { none: 0, ...unaryNumbers } },
  { prefix: "labels", type: "i32", comment: "Kinds of labels.", values: { none: 0, ...labelKinds } },
  { prefix: "panels", type: "i32", comment: "What the panels of a product are made of.", values: panelSources },
  { prefix: "type", type: "i32", comment: "Element types.", values: elementTypes },
  { prefix: "fill", type: "i32", comment: "What lies beyond the edges of an image.", values: fillNumbers },
  { prefix: "fault", type: "i32", comment: "What a kernel found wrong with its data.", values: faultCodes },
  { prefix: "control", type: "usize", comment: "Positions in the control block.", values: controlLayout },
  { prefix: "step", type: "usize", comment: "Positions in a row of the step table.", values: stepPositions },
];
