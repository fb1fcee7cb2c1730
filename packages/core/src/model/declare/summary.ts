import { type Shape, sizeOf } from "../../ops/definition.js";
import type { Network, NetworkParameter } from "./network.js";

const width = 65;
/** Where the columns end, as in Keras' table. */
const columns = [29, 55, 66] as const;

/** Keras' table: each layer with its output shape and its number of parameters, and the totals. */
export function formatSummary(name: string, network: Network): string {
  const rule = "_".repeat(width);
  const layers = network.layers.filter(({ layer }) => layer.className !== "InputLayer");
  const count = (counted: readonly NetworkParameter[]): number =>
    counted.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const rows = layers.map((layer) =>
    row([`${layer.name} (${layer.layer.className})`, formatOutput(layer.outputShape), String(count(layer.parameters))]),
  );
  const total = count(network.parameters);
  const trainable = count(
    network.layers
      .filter(({ layer }) => layer.trainable)
      .flatMap(({ parameters }) => parameters.filter((parameter) => parameter.trainable)),
  );
  return [
    `Model: "${name}"`,
    rule,
    row(["Layer (type)", "Output Shape", "Param #"]),
    "=".repeat(width),
    rows.join(`\n${rule}\n`),
    "=".repeat(width),
    `Total params: ${grouped(total)}`,
    `Trainable params: ${grouped(trainable)}`,
    `Non-trainable params: ${grouped(total - trainable)}`,
    rule,
  ].join("\n");
}

/** Cells cut and padded to their column, as Keras does. */
function row(cells: readonly string[]): string {
  return cells
    .reduce((line, cell, index) => {
      const end = columns[index] as number;
      return `${line}${index > 0 ? " " : ""}${cell}`.slice(0, end - 1).padEnd(end - 1);
    }, "")
    .trimEnd();
}

function formatOutput(shape: Shape): string {
  return `(None, ${shape.join(", ")})`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
