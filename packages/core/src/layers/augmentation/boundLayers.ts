import { type Backend, bindPlan, type DeviceBuffer, type Executable, expectSupported } from "../../backend/index.js";
import { type DType, type Shape, sizeOf, type Value } from "../../ops/definition.js";
import { Graph, type GraphValue, lower } from "../../plan/index.js";
import type { Tensor, TensorData } from "../../tensor.js";
import { applyCalls } from "../applyCalls.js";
import type { Layer } from "../layer.js";
import type { NumberedCall, NumberedCalls } from "../numberedCalls.js";
import { expectMixable, kindOfLabels } from "./mixedLabels.js";
import { rowOfLayers } from "./rowOfLayers.js";
import { StepDraws } from "./stepDraws.js";

/** Layers bound to a backend for samples of one kind. */
export interface BoundLayers {
  readonly draws: StepDraws;
  /** "images" and, where layers mix labels, "labels" go in; "changed" and "mixed" come out. */
  readonly buffers: Readonly<Record<string, DeviceBuffer>>;
  readonly executable: Executable;
  readonly outputShape: Shape;
  readonly mixes: boolean;
}

/** Frees everything. */
export function disposeBound({ executable, buffers }: BoundLayers): void {
  executable.dispose();
  for (const buffer of Object.values(buffers)) {
    buffer.dispose();
  }
}

/** As a device keeps it: bytes as bytes, other numbers as float32. */
export function deviceData(data: TensorData): Uint8Array | Float32Array {
  return data instanceof Uint8Array || data instanceof Float32Array ? data : Float32Array.from(data);
}

/** Binds layers to a backend, to run as in training on batches like these. Throws `ShapeError` where they do not fit. */
export async function bindLayers(
  layers: readonly Layer[],
  backend: Backend,
  { x, y }: { readonly x: Tensor; readonly y?: Tensor | undefined },
  isBefore: boolean,
): Promise<BoundLayers> {
  const rows = x.shape[0]!;
  const { calls, weights } = rowOfLayers(layers, x.shape.slice(1));
  const none: NumberedCalls = { inputs: [], outputs: [], calls: [] };
  const draws = isBefore ? new StepDraws(none, calls) : new StepDraws(calls);
  const graph = new Graph();
  const placed = (name: string, shape: Shape, dtype: DType): GraphValue => {
    graph.declareBuffer(name, { dtype, length: sizeOf(shape) });
    return graph.place(name, { shape, dtype }, name);
  };
  const gathered = (name: string, { shape, scale = 1 }: Tensor, dtype: DType): Value => {
    const attributes = { batchSize: rows, dtype: "float32", scale } as const;
    return graph.apply("gatherRows", [placed(name, shape, dtype)], attributes)[0]!;
  };
  const contents = new Map<string, Float32Array>();
  const parameter = (layer: Layer, name: string): Value => {
    const { parameters } = weights.get(layer)!;
    const index = parameters.findIndex((own) => own.name === name);
    const label = `weight${contents.size}`;
    contents.set(label, weights.get(layer)!.onHost()[index]!);
    return placed(label, parameters[index]!.shape, "float32");
  };
  let labels: Value | undefined;
  const images = gathered("images", x, x.data instanceof Uint8Array ? "uint8" : "float32");
  const drawn = draws.gather(graph, rows, rows);
  const mixLabels = ({ layer: { path } }: NumberedCall, mix: (labels: Value) => Value): void => {
    if (y !== undefined) {
      expectMixable(path, kindOfLabels(y));
      labels = mix(labels ?? gathered("labels", y, "float32"));
    }
  };
  const training = { draws, drawn, mixLabels };
  const [output] = applyCalls(graph, calls, [images], { parameter, frozen: () => true, added: [], training });
  graph.apply("storeRows", [output!, placed("changed", output!.shape, "float32")], {});
  if (labels !== undefined) {
    graph.apply("storeRows", [labels, placed("mixed", labels.shape, "float32")], {});
  }
  const outputShape = output!.shape;
  return { draws, ...(await compiled(graph, backend, rows, contents)), outputShape, mixes: labels !== undefined };
}

/** The graph as a plan on a backend, with the contents of its buffers. */
async function compiled(
  graph: Graph,
  backend: Backend,
  batchSize: number,
  contents: ReadonlyMap<string, Float32Array>,
): Promise<Pick<BoundLayers, "buffers" | "executable">> {
  const plan = lower(graph, { mode: "predict", batchSize, results: [], target: backend });
  expectSupported(backend.name, bindPlan("plan", plan, (value) => value).ops, (op) => backend.supports(op));
  const buffers: Record<string, DeviceBuffer> = {};
  try {
    for (const [name, spec] of Object.entries(plan.buffers)) {
      buffers[name] = backend.createBuffer(name, spec);
    }
    buffers.arena = backend.createBuffer("arena", { dtype: "uint8", length: Math.max(plan.arenaBytes, 1) });
    for (const [name, values] of contents) {
      buffers[name]?.write(values);
    }
    return { buffers, executable: await backend.compile(plan, buffers) };
  } catch (error) {
    for (const buffer of Object.values(buffers)) {
      buffer.dispose();
    }
    throw error;
  }
}
