import { ModelFileError } from "@convoy/core";
import { brief, isList, isObject, type JsonObject } from "../../json.js";
import { isKnownClass, type LayerRecipe } from "./layerClasses.js";

/** Arithmetic between tensors, or a tensor and a number: `x + y` in a functional model. */
const arithmetic: Readonly<Record<string, "add" | "subtract" | "multiply" | "divide">> = {
  Add: "add",
  Subtract: "subtract",
  Multiply: "multiply",
  Divide: "divide",
  TrueDivide: "divide",
  "__operators__.add": "add",
  "math.add": "add",
  "math.subtract": "subtract",
  "math.multiply": "multiply",
  "math.divide": "divide",
  "math.truediv": "divide",
};

const mergingClasses = { add: "Add", subtract: "Subtract", multiply: "Multiply" } as const;

const functions: Readonly<Record<string, string>> = {
  "nn.relu": "relu",
  "nn.relu6": "relu6",
  "nn.softmax": "softmax",
  "nn.sigmoid": "sigmoid",
  "math.sigmoid": "sigmoid",
  "math.tanh": "tanh",
  "nn.silu": "silu",
  "nn.swish": "silu",
  Relu: "relu",
  Relu6: "relu6",
  Softmax: "softmax",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
  Silu: "silu",
};

/** The layer that does what an operation of a functional model does; undefined where the entry is a layer. */
export function operationLayer(what: string, entry: JsonObject, tensors: number): LayerRecipe | undefined {
  const name = operationName(entry, tensors);
  if (name === undefined) {
    return undefined;
  }
  if (Object.hasOwn(functions, name)) {
    return { className: "Activation", config: { activation: functions[name]! } };
  }
  const kind = Object.hasOwn(arithmetic, name) ? arithmetic[name]! : undefined;
  if (kind === undefined) {
    throw new ModelFileError(
      `${what}: the operation ${name} is not here; pass customObjects: { ${String(entry.class_name)}: (config) => aLayer }, or save the model with a layer in its place`,
    );
  }
  if (tensors === 2 && kind !== "divide") {
    return { className: mergingClasses[kind], config: {} };
  }
  const constants = constantsOf(entry);
  const [value] = constants;
  if (tensors !== 1 || constants.length !== 1 || value === undefined) {
    throw new ModelFileError(
      `${what}: ${name} of ${tensors} tensors and ${constants.length} numbers, read are two tensors of one shape, or a tensor and a number`,
    );
  }
  const scale = kind === "multiply" ? value : kind === "divide" ? 1 / value : 1;
  const offset = kind === "add" ? value : kind === "subtract" ? -value : 0;
  return { className: "Rescaling", config: { scale, offset } };
}

function operationName({ class_name: className, module, config }: JsonObject, tensors: number): string | undefined {
  if (className === "TFOpLambda") {
    const named = isObject(config) ? config.function : undefined;
    return typeof named === "string" ? named : brief(named);
  }
  if (typeof className !== "string") {
    return undefined;
  }
  if (module === undefined) {
    // Keras 3 does not say where classes are from in .h5 files; layers of these names take several tensors.
    const single = tensors === 1 && Object.hasOwn(arithmetic, className);
    return single || (Object.hasOwn(functions, className) && !isKnownClass(className)) ? className : undefined;
  }
  return typeof module === "string" && /^keras\.(src\.)?ops(\.|$)/.test(module) ? className : undefined;
}

/** Numbers among the arguments behind the tensor. */
function constantsOf({ inbound_nodes: nodes }: JsonObject): number[] {
  const [node] = isList(nodes) ? nodes : [];
  const behind = (value: unknown): number[] =>
    Object.values((isObject(value as JsonObject) ? value : {}) as JsonObject).filter(
      (argument) => typeof argument === "number",
    );
  if (isObject(node)) {
    const args = isList(node.args) ? node.args : [];
    // A number in front of the tensor, 1 - x, is another operation.
    const rest = isObject(args[0]) ? args.slice(1).filter((argument) => typeof argument === "number") : [];
    return [...rest, ...behind(node.kwargs)];
  }
  const reference = isList(node) ? (typeof node[0] === "string" ? node : node[0]) : undefined;
  return isList(reference) ? behind(reference[3]) : [];
}
