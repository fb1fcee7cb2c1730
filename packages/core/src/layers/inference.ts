import { formatShape, ShapeError } from "../errors.js";
import { type Shape, sizeOf, type Value } from "../ops/definition.js";
import { Graph } from "../plan/index.js";
import { type LayerDefinition, noDraws, type ParameterSpec } from "./definition.js";

/** What a layer makes of samples of some shapes. */
export interface InferredLayer {
  readonly parameters: readonly ParameterSpec[];
  readonly outputShape: Shape;
}

/**
 * A layer's parameters and the shape of its output (no batch axis), found by applying it to one sample of a scratch graph: only
 * the ops know shape rules. Throws `ShapeError` with the layer's name where the inputs do not fit.
 * @param sources the layers that the inputs come from, for errors
 */
export function inferLayer(
  definition: LayerDefinition,
  name: string,
  inputShapes: readonly Shape[],
  sources: readonly string[],
): InferredLayer {
  const [inputShape = []] = inputShapes;
  try {
    const parameters = definition.parameters(inputShape, inputShapes);
    const graph = new Graph();
    const placed = (label: string, shape: Shape): Value => {
      graph.declareBuffer(label, { dtype: "float32", length: sizeOf(shape) });
      return graph.place(label, { shape, dtype: "float32" }, label);
    };
    const inputs = inputShapes.map((shape, index) => placed(`input ${index}`, [1, ...shape]));
    const parameter = (wanted: string): Value =>
      placed(wanted, parameters.find((candidate) => candidate.name === wanted)!.shape);
    const output = definition.apply({
      graph,
      input: inputs[0]!,
      inputs,
      parameter,
      training: false,
      frozen: false,
      instance: 0,
      addLoss: () => undefined,
      ...noDraws,
    });
    return { parameters, outputShape: output.shape.slice(1) };
  } catch (error) {
    if (error instanceof ShapeError) {
      const several = inputShapes.length > 1;
      const samples = inputShapes
        .map((shape, index) => `${formatShape(shape)}${several ? ` of ${sources[index]}` : ""}`)
        .join(", ");
      throw new ShapeError(`layer ${name} (${definition.className}) on samples ${samples}: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}
