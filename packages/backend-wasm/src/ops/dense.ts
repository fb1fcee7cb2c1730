import { matMulSizes } from "@convoy/core/backend";
import type { OpCall, OpEncoder, Operand, OpWriter } from "../program/opWriter.js";
import { blocks, type Phase, phase, rowBlocks } from "../program/phase.js";
import { sumOfRows } from "./sums.js";
import { functionOf } from "./unary.js";

/** Operations of one task: about 10 µs. */
const flopsOfTask = 400_000;
/** From this many rows on, packing b pays unless all of it stays in the first-level cache. */
const rowsWorthPacking = 16;
const firstLevelBytes = 32768;

/** What stands behind a product: one number a column, then an elementwise function. */
interface Epilogue {
  readonly bias: number;
  readonly unary: number;
  readonly alpha: number;
}

const plain: Epilogue = { bias: 0, unary: 0, alpha: 0 };

interface Product {
  /** Phases that must be done before. */
  readonly before: readonly Phase[];
  readonly phase: Phase;
}

function product(call: OpCall, a: number, b: number, c: number, epilogue: Epilogue, writer: OpWriter): Product {
  const attributes = call.attributes as { transposeA: boolean; transposeB: boolean };
  const { M, N, K } = matMulSizes(call.inputs[0]!, call.inputs[1]!, attributes);
  const panels = Math.ceil(N / 8);
  const packed = attributes.transposeB || (M >= rowsWorthPacking && K * N * 4 > firstLevelBytes);
  const packedB = packed ? writer.workspace(panels * K * 32) : 0;
  writer.scratch(256);

  // Rectangles of c as near to a square as the tiles allow: what is read again and again stays small.
  const rowBlock = Math.min(M, Math.max(24, 6 * Math.ceil(flopsOfTask / (2 * K * Math.min(N, 64)) / 6)));
  const rowTasks = Math.ceil(M / rowBlock);
  const panelBlock = Math.max(1, Math.min(panels, Math.round(flopsOfTask / (16 * K * rowBlock))));
  const panelTasks = Math.ceil(panels / panelBlock);
  const packing = rowBlocks(panels, 8 * K, 8192);
  return {
    before: packed
      ? [
          phase("packPanels", packing.tasks, {
            b,
            panels: packedB,
            K,
            N,
            transposed: Number(attributes.transposeB),
            block: packing.block,
          }),
        ]
      : [],
    phase: phase("matMul", rowTasks * panelTasks, {
      a,
      b: packed ? packedB : b,
      c,
      M,
      N,
      K,
      transposeA: Number(attributes.transposeA),
      packed: Number(packed),
      rowBlock,
      panelBlock,
      panelTasks,
      ...epilogue,
    }),
  };
}

export const matMul: OpEncoder = (call, writer) => {
  const [a, b] = call.inputs;
  const { before, phase: main } = product(call, a!.address, b!.address, call.outputs[0]!.address, plain, writer);
  writer.stage(...before);
  writer.stage(main);
};

/** matMul [biasAdd] [unary]: bias and function are applied to a tile before it is left. */
export const fusedDense: OpEncoder = ({ parts }, writer) => {
  const head = parts[0]!;
  const bias = parts.find(({ op }) => op === "biasAdd")?.inputs[1]?.address ?? 0;
  const epilogue = { bias, ...functionOf(parts.find(({ op }) => op === "unary")) };
  const [a, b] = head.inputs;
  const output = parts[parts.length - 1]!.outputs[0]!;
  const { before, phase: main } = product(head, a!.address, b!.address, output.address, epilogue, writer);
  writer.stage(...before);
  writer.stage(main);
};

/** [unaryBackward] [biasAddBackward] matMul matMul: one pass for the gradient, then everything that reads it at once. */
export const fusedDenseBackward: OpEncoder = ({ parts }, writer) => {
  const masking = parts.find(({ op }) => op === "unaryBackward");
  const inner = masking?.outputs[0];
  const length = inner ? inner.shape.reduce((count, size) => count * size, 1) : 0;
  const gradient = inner && (inner.address || writer.workspace(length * 4));
  const place = (operand: Operand): number =>
    gradient !== undefined && operand.id === inner!.id ? gradient : operand.address;

  const before: Phase[] = [];
  const main: Phase[] = [];
  const after: Phase[] = [];
  if (masking) {
    const { block, tasks } = blocks(length, 4096);
    const { unary: name, alpha } = functionOf(masking);
    const [dy, y] = [masking.inputs[0]!.address, masking.inputs[1]!.address];
    before.push(phase("unaryBackward", tasks, { dy, y, dx: gradient!, length, block, name, alpha }));
  }
  for (const part of parts) {
    if (part.op === "matMul") {
      const [a, b] = part.inputs;
      const made = product(part, place(a!), place(b!), part.outputs[0]!.address, plain, writer);
      // A packed gradient must be there before it is packed.
      if (made.before.length > 0 && gradient !== undefined && b!.id === inner!.id) {
        writer.stage(...before.splice(0));
      }
      before.push(...made.before);
      main.push(made.phase);
    } else if (part.op === "biasAddBackward") {
      const [rows, channels] = part.inputs[0]!.shape as [number, number];
      const sums = sumOfRows(writer, place(part.inputs[0]!), part.outputs[0]!.address, rows, channels);
      main.push(sums.first);
      after.push(...sums.finish);
    }
  }
  writer.stage(...before);
  writer.stage(...main);
  writer.stage(...after);
};
