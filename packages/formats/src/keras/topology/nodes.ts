import { type JsonValue, ModelFileError } from "@convoy/core";
import { brief, expectList, expectObject, expectText, isList, isObject, type JsonObject } from "../../json.js";

/** An output of a call of a layer. */
export interface FileReference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
  /** Whether it is an input or output of the model, not what a layer reads. */
  readonly isEnd: boolean;
}

/** A call of a layer in a functional model. */
export interface FileCall {
  readonly name: string;
  /** Which call of the layer it is. */
  readonly number: number;
  readonly entry: JsonObject;
  readonly inputs: readonly FileReference[];
}

/** The calls of a functional model. */
export interface FileCalls {
  /** Names of the layers, in the order of the file. */
  readonly names: readonly string[];
  /** The call that a reference means. */
  find(what: string, reference: FileReference): FileCall;
  /** All that outputs need, each behind those that it reads. */
  ordered(what: string): readonly FileCall[];
}

/** The calls of a functional model, from the inbound nodes of its layers. */
export function readCalls(what: string, config: JsonObject): FileCalls {
  const calls = new Map<string, FileCall[]>();
  const models = new Set<string>();
  for (const [index, value] of expectList(`${what}: layers`, config.layers).entries()) {
    const entry = expectObject(`${what}: layers[${index}]`, value);
    const own = isObject(entry.config) ? entry.config.name : undefined;
    const name = expectText(`${what}: name of layers[${index}]`, entry.name ?? own);
    if (calls.has(name)) {
      throw new ModelFileError(`${what}: two layers are called "${name}"`);
    }
    if (isObject(entry.config) && isList(entry.config.layers)) {
      models.add(name);
    }
    const nodes = expectList(`layer ${name}: inbound_nodes`, entry.inbound_nodes ?? []);
    calls.set(
      name,
      nodes.length === 0 && entry.class_name === "InputLayer"
        ? [{ name, number: 0, entry, inputs: [] }]
        : nodes.map((node, number) => ({ name, number, entry, inputs: nodeInputs(`layer ${name}`, node) })),
    );
  }
  const outputs = outputReferences(`${what}: output_layers`, config.output_layers);
  const ends = [...outputs, ...outputReferences(`${what}: input_layers`, config.input_layers)];
  const bases = firstNumbers(calls, models, ends);
  const find = (place: string, { layer, call, output, isEnd }: FileReference): FileCall => {
    const found = calls.get(layer)?.[call - (bases[isEnd ? "ends" : "inner"].get(layer) ?? 0)];
    if (found === undefined) {
      throw new ModelFileError(
        `${place}: output ${output} of call ${call} of layer "${layer}" is read, but there is none`,
      );
    }
    return found;
  };
  return { names: [...calls.keys()], find, ordered: (place) => orderCalls(place, find, ends) };
}

/**
 * Models within are often counted from 1, as making them was their first call; Keras 3 does so only where inputs and outputs of the
 * model refer to them. Which it is, the numbers that occur say.
 */
function firstNumbers(
  calls: ReadonlyMap<string, readonly FileCall[]>,
  models: ReadonlySet<string>,
  ends: readonly FileReference[],
): { inner: ReadonlyMap<string, number>; ends: ReadonlyMap<string, number> } {
  const fromOne = (references: readonly FileReference[]): Map<string, number> => {
    const bases = new Map<string, number>();
    for (const { layer, call } of references) {
      if (models.has(layer) && call >= (calls.get(layer)?.length ?? 0)) {
        bases.set(layer, 1);
      }
    }
    return bases;
  };
  const every = [...calls.values()].flat();
  const read = every.flatMap(({ inputs }) => inputs);
  const isKeras3 = every.some(({ entry }) => isList(entry.inbound_nodes) && isObject(entry.inbound_nodes[0]));
  if (!isKeras3) {
    const bases = fromOne([...read, ...ends]);
    return { inner: bases, ends: bases };
  }
  const inner = fromOne(read);
  const atEnds = new Map([...inner, ...fromOne(ends)]);
  for (const name of models) {
    if (calls.get(name)?.[0]?.entry.class_name === "Functional") {
      atEnds.set(name, 1);
    }
  }
  return { inner, ends: atEnds };
}

/** Depth first from the outputs, without recursion: models may be thousands of layers deep. */
function orderCalls(what: string, find: FileCalls["find"], ends: readonly FileReference[]): FileCall[] {
  const done = new Set<FileCall>();
  const open = new Set<FileCall>();
  for (const end of ends) {
    const stack = [{ call: find(what, end), next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (done.has(top.call)) {
        stack.pop();
        continue;
      }
      open.add(top.call);
      const reference = top.call.inputs[top.next++];
      if (reference === undefined) {
        done.add(top.call);
        open.delete(top.call);
        stack.pop();
        continue;
      }
      const before = find(`layer ${top.call.name}`, reference);
      if (open.has(before)) {
        throw new ModelFileError(`layer ${before.name}: its input depends on its own output, a cycle`);
      }
      if (!done.has(before)) {
        stack.push({ call: before, next: 0 });
      }
    }
  }
  return [...done];
}

/** What a call reads: [[name, node, tensor, kwargs], ...] of Keras 1 and 2, { args, kwargs } of Keras 3. */
function nodeInputs(what: string, node: JsonValue): FileReference[] {
  if (isObject(node)) {
    const references: FileReference[] = [];
    collectTensors(what, node.args ?? [], references, 0);
    const kwargs = isObject(node.kwargs) ? node.kwargs : {};
    const inKwargs: FileReference[] = [];
    collectTensors(what, Object.values(kwargs), inKwargs, 0);
    if (inKwargs.length > 0) {
      const name = Object.keys(kwargs).find((key) => isObject(kwargs[key]) || isList(kwargs[key]));
      throw new ModelFileError(
        `${what}: it is called with a tensor by name (${name}), which is not read; call it with positional tensors`,
      );
    }
    return references;
  }
  const list = expectList(`${what}: inbound_nodes`, node);
  const references = typeof list[0] === "string" ? [list] : list;
  return references.map((value) => {
    const reference = toReference(what, value);
    const kwargs = isList(value) ? value[3] : undefined;
    if (isObject(kwargs) && Object.values(kwargs).some((argument) => isTensorLike(argument))) {
      throw new ModelFileError(
        `${what}: it is called with tensors by name (${Object.keys(kwargs).join(", ")}), which is not read`,
      );
    }
    return reference;
  });
}

/** ["dense", 0, 0] as an argument by name. */
function isTensorLike(value: JsonValue | undefined): boolean {
  return isList(value) && value.length >= 3 && typeof value[0] === "string" && typeof value[1] === "number";
}

function collectTensors(what: string, value: JsonValue, found: FileReference[], depth: number): void {
  if (depth > 16) {
    throw new ModelFileError(`${what}: arguments are nested more than 16 deep`);
  }
  if (isObject(value)) {
    if (value.class_name === "__keras_tensor__" && isObject(value.config)) {
      found.push(toReference(what, value.config.keras_history));
    } else {
      for (const inner of Object.values(value)) {
        collectTensors(what, inner, found, depth + 1);
      }
    }
  } else if (isList(value)) {
    for (const inner of value) {
      collectTensors(what, inner, found, depth + 1);
    }
  }
}

function toReference(what: string, value: JsonValue | undefined, isEnd = false): FileReference {
  const [layer, call, output] = isList(value) ? value : [];
  if (typeof layer !== "string" || !isIndex(call) || !isIndex(output)) {
    throw new ModelFileError(`${what} reads ${brief(value)}, expected [layer, call, output]`);
  }
  return { layer, call, output, isEnd };
}

function isIndex(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Tensors of input_layers or output_layers: a list of them, one of them by itself, or a list within a list. */
export function outputReferences(what: string, value: JsonValue | undefined): FileReference[] {
  if (isObject(value)) {
    return Object.values(value).map((inner) => toReference(what, inner, true));
  }
  const list = expectList(what, value);
  return typeof list[0] === "string"
    ? [toReference(what, list, true)]
    : list.map((inner) => toReference(what, inner, true));
}
