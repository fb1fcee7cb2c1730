import { gradientParts, sizeOf } from "@convoy/core/backend";
import { elementBlocks, type Launch, launch } from "../program/launch.js";
import type { OpEncoder, Operand } from "../program/opWriter.js";
import { biasGradient } from "./biasAdd.js";
import { noEpilogue, productLaunches, productOf } from "./matMul.js";
import { unaryArguments } from "./unary.js";

/** Elements of one task of the gradient behind the function. */
const taskElements = 4096;

/** [unaryBackward] [biasAddBackward] matMul matMul: one pass for the gradient, then everything that reads it at once. */
export const fusedDenseBackward: OpEncoder = (op, writer) => {
  const { activation, bias, input, kernel } = gradientParts(op);
  const inner = activation?.outputs[0];
  const length = inner ? sizeOf(inner.shape) : 0;
  const gradient = inner && (inner.address || writer.workspace(length * 4));
  const place = (operand: Operand): number =>
    gradient !== undefined && operand === inner ? gradient : operand.address;

  const before: Launch[] = [];
  const main: Launch[] = [];
  const after: Launch[] = [];
  if (activation) {
    const { block, tasks } = elementBlocks(length, taskElements);
    const [dy, y] = [activation.inputs[0]!.address, activation.inputs[1]!.address];
    const args = { dy, y, dx: gradient!, length, block, ...unaryArguments(activation) };
    before.push(launch("unaryBackward", tasks, args));
  }
  if (bias) {
    const [rows, channels] = bias.inputs[0]!.shape as [number, number];
    const sums = biasGradient(writer, place(bias.inputs[0]!), bias.outputs[0]!.address, rows, channels);
    main.push(sums.first);
    after.push(...sums.finish);
  }
  for (const product of [input, kernel]) {
    if (product) {
      const [a, b] = product.inputs;
      const places = { a: place(a!), b: place(b!), c: product.outputs[0]!.address };
      const made = productLaunches(productOf(product), places, noEpilogue, writer);
      // A packed gradient must be there before it is packed.
      if (made.before.length > 0 && gradient !== undefined && b === inner) {
        writer.stage(...before.splice(0));
      }
      before.push(...made.before);
      main.push(made.main);
    }
  }
  writer.stage(...before);
  writer.stage(...main);
  writer.stage(...after);
};
