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

/** What is done to a tile before it is left: a bias for each column, then an elementwise function. */
interface Epilogue {
  readonly bias: number;
  readonly unary: number;
  readonly alpha: number;
}

export const noEpilogue: Epilogue = { bias: 0, unary: 0, alpha: 0 };

/** A matrix product as launches for two stages. `a`, `b` and `c` are addresses. */
export function productLaunches(
  op: WasmOp,
  a: number,
  b: number,
  c: number,
  epilogue: Epilogue,
  writer: OpWriter,
): { before: readonly Launch[]; main: Launch } {
  const attributes = attributesOf("matMul", op);
  const { M, N, K } = matMulSizes(op.inputs[0]!, op.inputs[1]!, attributes);
  const panels = Math.ceil(N / 8);
  const packed = attributes.transposeB || (M >= minRowsToPack && K * N * 4 > firstLevelBytes);
  const byTheWay = packed && K * N * 4 > largeBytes && M <= maxRowsByTheWay;
  const beforehand = packed && !byTheWay;
  const packedB = beforehand ? writer.workspace(panels * K * 32) : 0;
  writer.scratch(tileBytes + (byTheWay ? partBytes + 64 : 0));

  // Rectangles of c as near to a square as the tiles allow: what is read again and again stays small.
  const rowBlock = byTheWay ? M : Math.min(M, Math.max(24, 6 * Math.ceil(taskFlops / (2 * K * Math.min(N, 64)) / 6)));
  const rowTasks = Math.ceil(M / rowBlock);
  const panelBlock = Math.max(1, Math.min(panels, Math.round(taskFlops / (16 * K * rowBlock))));
  const panelTasks = Math.ceil(panels / panelBlock);
  const { block, tasks } = rowBlocks(panels, 8 * K, 8192);
  const transposed = Number(attributes.transposeB);
  return {
    before: beforehand ? [launch("packPanels", tasks, { b, panels: packedB, K, N, transposed, block })] : [],
    main: launch("matMul", rowTasks * panelTasks, {
      a,
      b: beforehand ? packedB : b,
      c,
      M,
      N,
      K,
      transposeA: Number(attributes.transposeA),
      packed: byTheWay ? panelSources[attributes.transposeB ? "columns" : "rows"] : Number(packed),
      rowBlock,
      panelBlock,
      panelTasks,
      ...epilogue,
    }),
  };
}

/** matMul [biasAdd] [unary] in one pass. */
export const fusedDense: OpEncoder = (op, writer) => {
  const { head, bias, activation, last } = chainParts(op);
  const epilogue = { bias: bias?.inputs[1]?.address ?? 0, ...unaryArguments(activation) };
  const [a, b] = head.inputs;
  const c = last.outputs[0]!.address;
  const { before, main } = productLaunches(head, a!.address, b!.address, c, epilogue, writer);
  writer.stage(...before);
  writer.stage(main);
};

/** Without followers. */
export const matMul: OpEncoder = fusedDense;
