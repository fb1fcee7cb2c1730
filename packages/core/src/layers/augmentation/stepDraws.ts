import type { Shape, Value } from "../../ops/definition.js";
import { sizeOf } from "../../ops/definition.js";
import { type Warp2dAttributes, warpFractionBits, writeTransform } from "../../ops/warp2d.js";
import type { Graph } from "../../plan/index.js";
import { RandomStream } from "../../random/index.js";
import type { DrawnTensor, LayerDraws, LayerTransform, Sampling } from "../definition.js";
import { inferLayer } from "../inference.js";
import type { NumberedCall, NumberedCalls } from "../numberedCalls.js";
import { composed, identity } from "./matrices.js";

/** A drawn tensor in the buffer that holds it for all rows. */
export interface DrawnBuffer extends DrawnTensor {
  readonly buffer: string;
}

/** One call that draws, or several in a row that move pixels and are resampled as one. */
interface DrawGroup {
  /** What the last call reads is what the first one reads: these before the last give their input on. */
  readonly calls: readonly NumberedCall[];
  /** Absent where the layer's own ops read what is drawn. */
  readonly warp?: Warp2dAttributes;
  readonly tensors: readonly DrawnTensor[];
  readonly draw: (streamOf: (call: NumberedCall) => RandomStream, rows: number) => readonly ArrayLike<number>[];
}

/** Instances of layers that stand before a network are counted from here: they share no numbers with those of the network. */
const firstInstanceBefore = 2 ** 16;

function bufferName(group: number, name: string): string {
  return `drawn${group}/${name}`;
}

let numbered = 0;
const known = new WeakMap<NumberedCalls, StepDraws>();

/** What is drawn for the samples of a network's training steps. */
export function stepDraws(network: NumberedCalls): StepDraws {
  const draws = known.get(network) ?? new StepDraws(network);
  known.set(network, draws);
  return draws;
}

/** What is drawn at random for the samples of training steps, and how the layers of a network get it. */
export class StepDraws {
  /** In the order in which `draw` gives them. */
  readonly buffers: readonly DrawnBuffer[];
  /** Layers that the samples go through before those of the network. */
  readonly before: NumberedCalls | undefined;
  /** Tells apart plans with other layers before. */
  readonly id: number;
  readonly #seedBefore: number | undefined;
  readonly #groups: readonly DrawGroup[];
  readonly #byCall: ReadonlyMap<NumberedCall, DrawGroup>;

  /** @param seedBefore of the layers before the network; absent: that of `draw` */
  constructor(network: NumberedCalls, before?: NumberedCalls, seedBefore?: number) {
    this.id = before === undefined ? 0 : ++numbered;
    this.before = before;
    this.#seedBefore = seedBefore;
    this.#groups = [...(before === undefined ? [] : groupsOf(before)), ...groupsOf(network)];
    this.#byCall = new Map(this.#groups.flatMap((group) => group.calls.map((call) => [call, group])));
    this.buffers = this.#groups.flatMap(({ tensors }, index) =>
      tensors.map((tensor) => ({ ...tensor, buffer: bufferName(index, tensor.name) })),
    );
  }

  /** The number that tells a call's streams apart. */
  instanceOf(call: NumberedCall): number {
    return call.instance + (this.#isBefore(call) ? firstInstanceBefore : 0);
  }

  /** Numbers for the rows of a step, one array for each buffer. */
  draw(seed: number, iteration: number, rows: number): (Float32Array | Int32Array)[] {
    const seedOf = (call: NumberedCall): number => (this.#isBefore(call) ? (this.#seedBefore ?? seed) : seed);
    const streamOf = (call: NumberedCall): RandomStream =>
      new RandomStream(seedOf(call), "augmentation", this.instanceOf(call), iteration);
    return this.#groups.flatMap(({ tensors, draw }) => {
      const drawn = draw(streamOf, rows);
      return tensors.map(({ dtype }, index) =>
        dtype === "int32" ? Int32Array.from(drawn[index]!) : Float32Array.from(drawn[index]!),
      );
    });
  }

  /** Of what was drawn for a step, that of some of its rows. */
  rowsOf(drawn: ReturnType<StepDraws["draw"]>, start: number, end: number): ReturnType<StepDraws["draw"]> {
    return drawn.map((numbers, index) => {
      const size = sizeOf(this.buffers[index]!.shape);
      return numbers.subarray(start * size, end * size);
    });
  }

  /** Places the buffers, with room for `rows`, and gathers the step's rows of them: what layers read by name. */
  gather(graph: Graph, rows: number, batchSize: number): (call: NumberedCall, name: string) => Value {
    const gathered = new Map(
      this.buffers.map(({ buffer, dtype, shape }) => {
        const spec = { shape: [rows, ...shape], dtype };
        graph.declareBuffer(buffer, { dtype, length: sizeOf(spec.shape) });
        const source = graph.place(buffer, spec, buffer);
        const attributes = { batchSize, dtype, scale: 1 };
        return [buffer, graph.labelled("data", () => graph.apply("gatherRows", [source], attributes)[0]!)];
      }),
    );
    return (call, name) => gathered.get(bufferName(this.#groups.indexOf(this.#byCall.get(call)!), name))!;
  }

  /** How a call moves pixels, with those before it; "given on" where one behind it does that for it; undefined for other layers. */
  warpOf(call: NumberedCall): Warp2dAttributes | "given on" | undefined {
    const group = this.#byCall.get(call);
    return group?.warp && (group.calls.at(-1) === call ? group.warp : "given on");
  }

  #isBefore(call: NumberedCall): boolean {
    return this.before?.calls.includes(call) ?? false;
  }
}

/** Calls that draw, those that move pixels together with others behind one another. */
function groupsOf(network: NumberedCalls): DrawGroup[] {
  const { calls } = network;
  if (!calls.some(({ layer: { layer } }) => layer.draws ?? layer.transform)) {
    return [];
  }
  const shapes = shapesOf(network);
  const shapeBefore = (call: NumberedCall): Shape => shapes.get(call.inputs[0]!)!;
  const transforms = new Map(calls.map((call) => [call, call.layer.layer.transform?.(shapeBefore(call))]));
  const grouped = new Set<NumberedCall>();
  return calls.flatMap((call): DrawGroup[] => {
    if (grouped.has(call)) {
      return [];
    }
    if (transforms.get(call) !== undefined) {
      const run = runFrom(call, network, transforms);
      for (const member of run) {
        grouped.add(member);
      }
      return [
        movingGroup(
          run,
          run.map((member) => transforms.get(member)!),
          shapeBefore(call),
        ),
      ];
    }
    const draws = call.layer.layer.draws?.(shapeBefore(call));
    return draws === undefined ? [] : [drawingGroup(call, draws)];
  });
}

function drawingGroup(call: NumberedCall, { tensors, draw }: LayerDraws): DrawGroup {
  return { calls: [call], tensors, draw: (streamOf, rows) => draw(streamOf(call), rows) };
}

/** The calls behind one another from `first` on that read images alike; nothing else reads what is between. */
function runFrom(
  first: NumberedCall,
  { calls, outputs }: NumberedCalls,
  transforms: ReadonlyMap<NumberedCall, LayerTransform | undefined>,
): NumberedCall[] {
  const run = [first];
  let sampling = transforms.get(first)!.sampling;
  for (;;) {
    const { output } = run.at(-1)!;
    const [next, ...more] = calls.filter(({ inputs }) => inputs.includes(output));
    const transform = next && transforms.get(next);
    const isRead = more.length > 0 || outputs.some(({ tensor }) => tensor === output);
    if (transform === undefined || isRead || !agree(sampling, transform.sampling)) {
      return run;
    }
    run.push(next!);
    sampling ??= transform.sampling;
  }
}

function agree(a: Sampling | undefined, b: Sampling | undefined): boolean {
  const same = (one: Sampling, other: Sampling): boolean =>
    one.interpolation === other.interpolation &&
    one.fillMode === other.fillMode &&
    (one.fillMode !== "constant" || one.fillValue === other.fillValue);
  return a === undefined || b === undefined || same(a, b);
}

/** Where only whole pixels of the image are read, any of them does. */
const wholePixels: Sampling = { interpolation: "nearest", fillMode: "nearest", fillValue: 0 };

/** Multiplies the matrices of all layers, sample by sample. */
function movingGroup(
  calls: readonly NumberedCall[],
  transforms: readonly LayerTransform[],
  [height, width]: Shape,
): DrawGroup {
  const { size } = transforms.at(-1)!;
  const sampling = transforms.find((transform) => transform.sampling)?.sampling ?? wholePixels;
  const fractionBits = warpFractionBits([height!, width!, ...size]);
  return {
    calls,
    warp: { size, ...sampling, fractionBits },
    tensors: [{ name: "transforms", dtype: "int32", shape: [6] }],
    draw(streamOf, rows) {
      const streams = calls.map(streamOf);
      const drawn = new Int32Array(6 * rows);
      for (let row = 0; row < rows; row++) {
        const matrix = transforms.reduce(
          (all, transform, index) => composed(all, transform.draw(streams[index]!)),
          identity,
        );
        writeTransform(matrix, size, fractionBits, drawn, 6 * row);
      }
      return [drawn];
    },
  };
}

/** Shapes of samples by the number of their tensor. */
function shapesOf({ inputs, calls }: NumberedCalls): Map<number, Shape> {
  const shapes = new Map(inputs.map(({ tensor, shape }) => [tensor, shape]));
  for (const { layer, inputs: read, output } of calls) {
    const own = read.map((tensor) => shapes.get(tensor)!);
    shapes.set(output, inferLayer(layer.layer, layer.name, own, []).outputShape);
  }
  return shapes;
}
