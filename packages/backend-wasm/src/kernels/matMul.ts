import { attributesOf, chainParts, matMulSizes } from "@convoy/core/backend";
import { panelSources } from "../program/constants.js";
import { type Launch, launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder, OpWriter, WasmOp } from "../program/opWriter.js";
import { unaryArguments } from "./unary.js";

/** Operations of one task: about 10 µs. */
const taskFlops = 400_000;
/** From this many rows on, packing b pays unless all of it stays in the first-level cache. */
const minRowsToPack = 16;
const firstLevelBytes = 32768;
/** A matrix of more bytes than this is packed by the tasks that use it, part by part, up to so many rows of a. */
const largeBytes = 16 << 20;
const maxRowsByTheWay = 128;
/** What `assembly/matMul.ts` needs: a tile and a part of a panel. */
const tileBytes = 256;
const partBytes = 16384;

/** A panel of rows of b that takes no more than this stays in the second-level cache while all rows of a pass. */
const secondLevelBytes = 524288;
/** Rows of a task: a whole number of register tiles. */
const minTaskRows = 24;
/** Tasks of a product whose tasks each take all columns, for threads to have enough of them. */
const minRowTasks = 32;

/** c[M,N] = a[M,K] b[K,N], with inputs that may be transposed. */
export interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Addresses of the matrices. `packed` says that b is in panels already. */
interface Places {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly packed?: boolean;
}

/** What is done to a tile before it is left: a bias for each column, an addend like c, then an elementwise function. */
interface Epilogue {
  readonly bias: number;
  readonly addend: number;
  readonly unary: number;
  readonly alpha: number;
}

export const noEpilogue: Epilogue = { bias: 0, addend: 0, unary: 0, alpha: 0 };

/** The product that a matMul is. */
export function productOf(op: WasmOp): Product {
  const attributes = attributesOf("matMul", op);
  return { ...matMulSizes(op.inputs[0]!, op.inputs[1]!, attributes), ...attributes };
}

/** A matrix product as launches for two stages. */
export function productLaunches(
  product: Product,
  { a, b, c, packed: ready = false }: Places,
  epilogue: Epilogue,
  writer: OpWriter,
): { before: readonly Launch[]; main: Launch } {
  const { M, N, K, transposeA, transposeB } = product;
  const panels = Math.ceil(N / 8);
  const packed = ready || transposeB || (M >= minRowsToPack && K * N * 4 > firstLevelBytes);
  const byTheWay = packed && !ready && K * N * 4 > largeBytes && M <= maxRowsByTheWay;
  const beforehand = packed && !ready && !byTheWay;
  const packedB = beforehand ? writer.workspace(panels * K * 32) : b;
  writer.scratch(tileBytes + (byTheWay ? partBytes + 64 : 0));
  const { block, tasks } = rowBlocks(panels, 8 * K, 8192);
  const { rowBlock, panelBlock } = byTheWay ? rectangles(product, M) : blocksOf(product);
  const panelTasks = Math.ceil(panels / panelBlock);
  const transposed = Number(transposeB);
  return {
    before: beforehand ? [launch("packPanels", tasks, { b, panels: packedB, K, N, transposed, block })] : [],
    main: launch("matMul", Math.ceil(M / rowBlock) * panelTasks, {
      a,
      b: packedB,
      c,
      M,
      N,
      K,
      transposeA: Number(transposeA),
      packed: byTheWay ? panelSources[transposeB ? "columns" : "rows"] : Number(packed),
      rowBlock,
      panelBlock,
      panelTasks,
      ...epilogue,
    }),
  };
}

/** The part of c that a task makes. */
function blocksOf(product: Product): { rowBlock: number; panelBlock: number } {
  const { M, N, K } = product;
  const rows = Math.max(minTaskRows, 8 * Math.round(taskFlops / (2 * K * N) / 8));
  // All columns, so that rows of a are read and lines of c written once.
  if (K * N * 4 <= secondLevelBytes && M >= rows * minRowTasks) {
    return { rowBlock: rows, panelBlock: Math.ceil(N / 8) };
  }
  const near = taskFlops / (2 * K * Math.min(N, 64));
  return rectangles(product, Math.min(M, Math.max(minTaskRows, 8 * Math.ceil(near / 8))));
}

/** Rectangles as near to a square as the tiles allow: what is read again and again stays small. */
function rectangles({ N, K }: Product, rowBlock: number): { rowBlock: number; panelBlock: number } {
  const panels = Math.ceil(N / 8);
  return { rowBlock, panelBlock: Math.max(1, Math.min(panels, Math.round(taskFlops / (16 * K * rowBlock)))) };
}

/** matMul [biasAdd] [unary] in one pass. */
export const fusedDense: OpEncoder = (op, writer) => {
  const { head, bias, activation, last } = chainParts(op);
  const epilogue = { bias: bias?.inputs[1]?.address ?? 0, addend: 0, ...unaryArguments(activation) };
  const [a, b] = head.inputs;
  const places = { a: a!.address, b: b!.address, c: last.outputs[0]!.address };
  const { before, main } = productLaunches(productOf(head), places, epilogue, writer);
  writer.stage(...before);
  writer.stage(main);
};

/** Without followers. */
export const matMul: OpEncoder = fusedDense;
