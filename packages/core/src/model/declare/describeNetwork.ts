import type { CompileSettings } from "./compileSettings.js";

/** What a model is and how it is trained, as text to compare it by: layers with their shapes and weights, losses and the optimizer. */
export function describeNetwork({ network, layout, outputs, optimizer }: CompileSettings): string {
  return JSON.stringify({
    calls: network.calls.map(({ layer, inputs }) => [
      ...[layer.path, layer.layer.constructor.name, layer.outputShapes],
      inputs,
    ]),
    parameters: layout.parameters.map(({ path, shape, trained }) => [path, shape, trained]),
    outputs: outputs.map(({ name, loss, lossWeight, metrics }) => [
      ...[name, loss?.name, lossWeight],
      metrics.map((metric) => metric.name),
    ]),
    optimizer: [optimizer.name, optimizer.schedule(0), optimizer.slots],
  });
}
