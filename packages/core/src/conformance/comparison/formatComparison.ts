import { formatShape } from "../../errors.js";
import type { ComparedOp, Difference, PlanComparison, StepDifference } from "./planComparison.js";

/** The comparison as a table of ops, and a last sentence that names the first op, layer and element that differ. */
export function formatComparison(comparison: PlanComparison): string {
  const { mode, batchSize, fused, a, b, ops } = comparison;
  const isFused = ops.some(({ parts }) => parts !== undefined);
  const header = ["#", "op", "layer", "elements", "max error", "differing", "result", ...(isFused ? ["parts"] : [])];
  const rows = ops.map((op, index) => [String(index), ...opRow(op).slice(0, header.length - 1)]);
  return [
    `one ${mode} step, batch of ${batchSize}: A is ${a}, B is ${b}, ${fused ? "with" : "without"} its fused ops`,
    ...table([header, ...rows]),
    ...unsupported(ops),
    conclusion(comparison),
  ].join("\n");
}

function opRow({ op, parts = [], layer, status, elements, maxError, differing }: ComparedOp): string[] {
  const figures = status === "unsupported" ? ["-", "-", "-"] : [String(elements), figure(maxError), String(differing)];
  return [op, layer, ...figures, status, parts.join(" + ")];
}

function figure(error: number): string {
  return error === 0 ? "0" : Number.isFinite(error) ? error.toExponential(1) : "infinite";
}

function unsupported(ops: readonly ComparedOp[]): string[] {
  return ops
    .filter(({ status }) => status === "unsupported")
    .map(({ op, layer, reason }) => `not compared: ${op} (${layer}): ${reason}`);
}

function conclusion({ ops, first, fused, wholeStep, wholeStepDifference }: PlanComparison): string {
  if (first === undefined) {
    const compared = ops.filter(({ status }) => status !== "unsupported").length;
    const agreed = `All ${compared} ops compared agree within the tolerance`;
    return wholeStepDifference
      ? `${agreed}, but B's whole step does not give what its ops give one by one: ${stepSentence(wholeStepDifference)}`
      : `${agreed}${wholeStep === "agrees" ? ", and so does B's whole step with its ops one by one" : ""}.`;
  }
  const others = ops.filter(({ status }) => status === "differs").length - 1;
  return (
    `The first difference is in ${sentence(first)}` +
    (others > 0 ? ` ${others} later ${others === 1 ? "op differs" : "ops differ"} on the same inputs, too.` : "") +
    (fused && first.parts ? " Compare with { fused: false } to see whether one of its parts is wrong by itself." : "")
  );
}

function stepSentence({ buffer, value, index, whole, apart, differing }: StepDifference): string {
  return (
    `element ${formatShape(index)} of ${value} in ${buffer} is ${shown(whole)} instead of ${shown(apart)}; ${differing} of the elements ` +
    "differ. The fault lies between the ops: memory that they share, their order, or what B does across ops."
  );
}

function sentence(difference: Difference): string {
  const { op, layer, output, value, shape, index, a, b, allowed, differing, readOnly } = difference;
  const where = `${op}, layer ${layer}, element ${formatShape(index)} of ${output} ${formatShape(shape)} (${value})`;
  const apart = Math.abs(a - b);
  const numbers = readOnly
    ? `B changed it from ${shown(a)} to ${shown(b)}, though the op only reads it`
    : `${shown(a)} on A and ${shown(b)} on B` +
      (Number.isFinite(apart) ? `, ${apart.toExponential(2)} apart where ${allowed.toExponential(2)} is allowed` : "");
  return `${where}: ${numbers}; ${differing} of its elements differ.`;
}

/** As many digits as tell two float32 apart. */
function shown(value: number): string {
  return String(Number(value.toPrecision(9)));
}

/** Columns that hold numbers and stand right. */
const numeric = [0, 3, 4, 5];

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (numeric.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}
