import { type Shape, sizeOf } from "../../ops/definition.js";
import type { Network, NetworkLayer, NetworkParameter } from "./network.js";
import { layOutParameters } from "./parameterLayout.js";

/** A table of Keras' kind: where its columns end. */
interface Table {
  readonly width: number;
  readonly columns: readonly number[];
}

const chainTable: Table = { width: 65, columns: [29, 55, 66] };
const graphTable: Table = { width: 98, columns: [32, 54, 66, 99] };

/**
 * Keras' table: each layer with its output shape and its number of parameters, and the totals. Where the layers do not simply
 * follow each other, also what each is connected to. A nested model is one row.
 */
export function formatSummary(name: string, network: Network): string {
  const isStack = network.model.className === "Sequential";
  const layers = network.layers.filter(({ layer }) => !(isStack && layer.className === "InputLayer"));
  const table = isChain(layers) ? chainTable : graphTable;
  const rule = "_".repeat(table.width);
  const heavyRule = "=".repeat(table.width);
  const row = (cells: readonly string[]): string => tableRow(table, cells);
  const rows = layers.map((layer) => {
    const cells = [
      `${layer.name} (${layer.layer.className})`,
      layer.outputShapes.map(formatOutput).join(", "),
      String(count(layer.parameters)),
    ];
    const [first = "", ...more] = table === graphTable ? layer.connectedTo : [];
    return [row([...cells, first]), ...more.map((connection) => row(["", "", "", connection]))].join("\n");
  });
  const total = count(network.parameters);
  const trainable = count(layOutParameters(network).parameters.filter(({ trained }) => trained));
  return [
    `Model: "${name}"`,
    rule,
    row(["Layer (type)", "Output Shape", "Param #", ...(table === graphTable ? ["Connected to"] : [])]),
    heavyRule,
    rows.join(`\n${rule}\n`),
    heavyRule,
    `Total params: ${grouped(total)}`,
    `Trainable params: ${grouped(trainable)}`,
    `Non-trainable params: ${grouped(total - trainable)}`,
    rule,
  ].join("\n");
}

/** Whether each layer reads the one before it, once. */
function isChain(layers: readonly NetworkLayer[]): boolean {
  return layers.every(
    ({ connectedTo }, index) =>
      connectedTo.length <= 1 && (index === 0 || connectedTo[0] === `${layers[index - 1]!.name}[0][0]`),
  );
}

function count(parameters: readonly NetworkParameter[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Cells cut and padded to their column, as Keras does. */
function tableRow({ columns }: Table, cells: readonly string[]): string {
  return cells
    .slice(0, columns.length)
    .reduce((line, cell, index) => {
      const end = columns[index] as number;
      return `${line}${index > 0 ? " " : ""}${cell}`.slice(0, end - 1).padEnd(end - 1);
    }, "")
    .trimEnd();
}

function formatOutput(shape: Shape): string {
  return `(None, ${shape.join(", ")})`;
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
