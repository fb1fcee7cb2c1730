import { ArgumentError, type ForwardOp, type ForwardTensor, forwardPass, type Model } from "@convoy/core";
import { constant } from "../constant.js";
import { layoutKey } from "../messages.js";
import { compoundAt, foldedWeights } from "./compounds.js";
import { GraphWriter, type Layout, portMessage } from "./graphWriter.js";
import { MessageWriter } from "./messageWriter.js";
import { nodeWriters } from "./nodes.js";
import type { Step } from "./step.js";

/** Settings of `writeOnnx`. */
export interface WriteOnnxOptions {
  /**
   * How images go in and come out: "nchw" (default), as PyTorch's exports have them, or "nhwc", as models have them here.
   */
  readonly layout?: Layout;
}

/** Of the operators that are written. */
const opset = 17;

/** Version of the file format that came with them. */
const irVersion = 8;

/**
 * A model as an ONNX file (opset 17) for any batch size, weights included, for prediction: dropout is left out, batch normalization
 * uses its moving statistics. Throws `ArgumentError` for layers of your own with ops that are not written.
 */
export async function writeOnnx(model: Model<unknown>, options: WriteOnnxOptions = {}): Promise<Uint8Array> {
  const { layout = "nchw" } = options;
  if (layout !== "nchw" && layout !== "nhwc") {
    throw new ArgumentError(`writeOnnx: layout is ${JSON.stringify(layout)}, expected "nchw" or "nhwc"`);
  }
  const weights = await model.getWeights();
  // What differs between two sizes of batch grows with it.
  const [pass, other] = [forwardPass(model, 2), forwardPass(model, 3)];
  const graph = new GraphWriter();
  pass.parameters.forEach((parameter, index) => {
    graph.declareConstant(parameter, constant(weights[index]!.data, parameter.shape, false));
  });
  const inputs = pass.inputs.map((input) => {
    const images = input.shape.length === 4;
    const name = graph.unique(input.name);
    graph.declare(input, images ? layout : "nhwc", name);
    return portMessage(name, sampleIn(input.shape, layout));
  });
  const shapes = shapesById([...pass.inputs, ...pass.parameters, ...pass.ops.flatMap(({ outputs }) => outputs)]);
  const consumers = consumersOf(pass.ops, pass.outputs);
  const merged = new Set<ForwardOp>();
  pass.ops.forEach((op, index) => {
    if (merged.has(op)) {
      return;
    }
    const [output] = op.outputs as [ForwardTensor];
    const compound = compoundAt(pass.ops, index, graph);
    if (compound !== undefined) {
      for (const part of pass.ops.slice(index, pass.ops.indexOf(compound.last) + 1)) {
        merged.add(part);
      }
      const of = graph.has(compound.input, "nchw") ? "nchw" : "nhwc";
      graph.declare(compound.last.outputs[0]!, of, compound.write(graph, of));
      return;
    }
    const source = op.inputs.length === 1 ? graph.constantOf(op.inputs[0]!) : undefined;
    const folded = source && foldedWeights(op, source, output.shape);
    if (folded !== undefined) {
      graph.declareConstant(output, folded);
      return;
    }
    const write = nodeWriters[op.op];
    if (write === undefined) {
      throw graph.error(op, "which ONNX export does not write");
    }
    const addition = biasBehind(op, graph, consumers);
    const step: Step = {
      op,
      output,
      shapes: op.inputs.map((id) => shapes.get(id)!),
      target: other.ops[index]!.outputs[0]!.shape.map((size, axis) => (size === output.shape[axis] ? size : -1)),
      bias: addition?.inputs[1],
    };
    const result = write(graph, step);
    if (addition !== undefined) {
      merged.add(addition);
    }
    const given = (addition ?? op).outputs[0]!;
    if (result.rowsOf === undefined) {
      graph.declare(given, result.layout, result.name);
    } else {
      graph.declareRows(given, result.name, result.rowsOf);
    }
  });
  const outputs = pass.outputs.map((output) => {
    const inner = graph.name(output.id, output.shape.length === 4 ? layout : "nhwc");
    const [name] = graph.node("Identity", [inner], {}, output.name === inner ? `${output.name}_output` : output.name);
    return portMessage(name!, sampleIn(output.shape, layout));
  });
  return new MessageWriter()
    .integer(1, irVersion)
    .text(2, "convoy")
    .message(7, graph.graph(model.name, inputs, outputs))
    .message(8, new MessageWriter().text(1, "").integer(2, opset))
    .message(14, new MessageWriter().text(1, layoutKey).text(2, layout))
    .finish();
}

/** The shape of a sample as the file has it. */
function sampleIn(shape: readonly number[], layout: Layout): readonly number[] {
  const sample = shape.slice(1);
  return sample.length === 3 && layout === "nchw" ? [sample[2]!, sample[0]!, sample[1]!] : sample;
}

function shapesById(tensors: readonly ForwardTensor[]): ReadonlyMap<number, readonly number[]> {
  return new Map(tensors.map(({ id, shape }) => [id, shape]));
}

/** The ops that read each tensor; for outputs of the model none that can be merged. */
function consumersOf(
  ops: readonly ForwardOp[],
  outputs: readonly ForwardTensor[],
): ReadonlyMap<number, readonly (ForwardOp | undefined)[]> {
  const consumers = new Map<number, (ForwardOp | undefined)[]>();
  const note = (id: number, op: ForwardOp | undefined): void => {
    consumers.set(id, [...(consumers.get(id) ?? []), op]);
  };
  for (const op of ops) {
    for (const id of op.inputs) {
      note(id, op);
    }
  }
  for (const { id } of outputs) {
    note(id, undefined);
  }
  return consumers;
}

/** Ops of ONNX that take a bias themselves. */
const takingBias = new Set(["conv2d", "depthwiseConv2d", "conv2dBackwardInput", "matMul"]);

/** The addition of a bias that alone reads what an op gives. */
function biasBehind(
  { op, outputs }: ForwardOp,
  graph: GraphWriter,
  consumers: ReadonlyMap<number, readonly (ForwardOp | undefined)[]>,
): ForwardOp | undefined {
  const [next, ...more] = consumers.get(outputs[0]!.id) ?? [];
  const fits = takingBias.has(op) && more.length === 0 && next?.op === "biasAdd" && next.inputs[0] === outputs[0]!.id;
  return fits && graph.constantOf(next.inputs[1]!) !== undefined ? next : undefined;
}
