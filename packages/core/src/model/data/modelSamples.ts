import { DataError, ShapeError } from "../../errors.js";
import { isTensor, type TensorInput } from "../../tensorInput.js";
import { type CompileSettings, expectLoss } from "../declare/compileSettings.js";
import type { Network, NetworkPort } from "../declare/network.js";
import { byPort } from "../declare/perPort.js";
import { type ClassWeight, checkInputs, checkLabels, sampleWeights, type Warn } from "./checkData.js";
import type { DataSignature, HostSamples } from "./hostSamples.js";

/** Numbers for the inputs or outputs of a model: of its only one, or of each in order or by name. */
export type ModelData = TensorInput | readonly TensorInput[] | { readonly [name: string]: TensorInput };

/** What comes with samples beside inputs and labels. */
export interface SampleOptions {
  readonly sampleWeight?: ModelData | undefined;
  readonly classWeight?: ClassWeight | undefined;
}

/** Inputs that fit the model. Throws `ShapeError` or `DataError` naming the input that does not. */
export function inputSamples({ inputs: ports, outputs }: Network, what: string, x: ModelData, warn: Warn): HostSamples {
  const given = dataByPort(what, "input", ports, x);
  const inputs = given.map((input, index) =>
    checkInputs(portLabel(what, ports, index), input, ports[index]!.shape, warn),
  );
  const rows = inputs[0]!.rows;
  inputs.forEach((input, index) => {
    if (input.rows !== rows) {
      throw new ShapeError(
        `${portLabel(what, ports, index)} has ${input.rows} samples, ${portLabel(what, ports, 0)} has ${rows}; ` +
          "there must be as many for each input",
      );
    }
  });
  return { rows, inputs, inputNames: namesOf(ports), outputNames: namesOf(outputs) };
}

/** Samples with labels that fit the model and its losses. Throws like `inputSamples`. */
export function labelledSamples(
  { network, outputs }: CompileSettings,
  [whatX, whatY]: readonly [string, string],
  x: ModelData,
  y: ModelData,
  { sampleWeight, classWeight }: SampleOptions,
  warn: Warn,
): HostSamples {
  const losses = outputs.map(expectLoss);
  const samples = inputSamples(network, whatX, x, warn);
  const ports = network.outputs;
  const labels = dataByPort(whatY, "output", ports, y).map((given, index) =>
    checkLabels(portLabel(whatY, ports, index), given, samples.rows, ports[index]!.shape, losses[index]!),
  );
  if (classWeight !== undefined && ports.length > 1) {
    throw new DataError(
      `classWeight is for models with one output, this one has ${namesOf(ports).join(", ")}; use sampleWeight for each`,
    );
  }
  const given = weightsByPort(ports, sampleWeight);
  const weights = labels.map((own, index) => sampleWeights(own, given[index], classWeight));
  return { ...samples, labels, ...(weights.some((own) => own !== undefined) ? { weights } : {}) };
}

/** What a data set of one batch looks like, for printing a plan without data. */
export function nominalData(
  { network, outputs }: CompileSettings,
  training: boolean,
  labelled: boolean,
  rows: number,
): DataSignature {
  const labels = outputs.map(({ shape, loss }) => {
    const sparse = loss?.labels === "sparse";
    return {
      dtype: sparse ? "int32" : "float32",
      shape: [rows, ...(sparse ? shape.slice(0, -1) : shape)],
      weights: false,
    } as const;
  });
  return {
    rows,
    inputs: network.inputs.map(() => ({ dtype: "float32", scale: 1 })),
    ...(labelled ? { labels } : {}),
    ordered: training,
  };
}

function namesOf(ports: readonly NetworkPort[]): string[] {
  return ports.map(({ name }) => name);
}

/** `x`, or `x "left"` where there are several. */
function portLabel(what: string, ports: readonly NetworkPort[], index: number): string {
  return ports.length === 1 ? what : `${what} "${ports[index]!.name}"`;
}

/** The numbers for each input or output. */
function dataByPort(
  what: string,
  kind: "input" | "output",
  ports: readonly NetworkPort[],
  data: ModelData,
): TensorInput[] {
  if (ports.length === 1) {
    const alone = Array.isArray(data) && data.length === 1 && isArrayOfNumbers(data[0]) ? data[0] : data;
    if (!isRecord(alone)) {
      return [alone as TensorInput];
    }
  } else if (isArrayOfNumbers(data)) {
    throw new DataError(
      `${what} is one tensor, the model has ${ports.length} ${kind}s; pass one for each, in order or by name: ` +
        `{ ${namesOf(ports).join(", ")} }`,
    );
  }
  return byPort<TensorInput>(what, kind, ports, data as readonly TensorInput[]).map((given, index) => {
    if (given === undefined) {
      throw new DataError(`${what} has nothing for ${kind} "${ports[index]!.name}"`);
    }
    return given;
  });
}

/** The weights for each output: the same for all, or of each. */
function weightsByPort(ports: readonly NetworkPort[], weights: ModelData | undefined): (TensorInput | undefined)[] {
  const isList =
    Array.isArray(weights) &&
    (ports.length > 1 ? weights.some((value) => typeof value !== "number") : weights.some(isArrayOfNumbers));
  return isList || isRecord(weights)
    ? byPort<TensorInput>("sampleWeight", "output", ports, weights as readonly TensorInput[])
    : ports.map(() => weights as TensorInput | undefined);
}

/** Whether it is a tensor or a typed array, and so can stand for one input only. */
function isArrayOfNumbers(value: unknown): boolean {
  return ArrayBuffer.isView(value) || isTensor(value);
}

function isRecord(data: unknown): boolean {
  return typeof data === "object" && data !== null && !Array.isArray(data) && !isArrayOfNumbers(data);
}
