import type { Value } from "../ops/definition.js";
import type { Graph } from "../plan/index.js";
import type { StepDraws } from "./augmentation/stepDraws.js";
import { type LayerContext, noDraws } from "./definition.js";
import type { Layer } from "./layer.js";
import type { NumberedCall, NumberedCalls } from "./numberedCalls.js";

/** What layers do in training alone. */
export interface TrainingStep {
  readonly draws: StepDraws;
  /** What a call has drawn for the rows of the step. */
  readonly drawn: (call: NumberedCall, name: string) => Value;
  readonly mixLabels: (call: NumberedCall, mix: (labels: Value) => Value) => void;
}

/** What all calls have in common. */
export interface CallSettings {
  readonly parameter: (layer: Layer, name: string) => Value;
  readonly frozen: (layer: Layer) => boolean;
  /** Gets the losses that layers add. */
  readonly added: Value[];
  /** Absent in evaluation and prediction. */
  readonly training: TrainingStep | undefined;
}

/** Appends the ops of all calls and returns the outputs. */
export function applyCalls(
  graph: Graph,
  network: NumberedCalls,
  inputs: readonly Value[],
  { parameter, frozen, added, training }: CallSettings,
): Value[] {
  const values = new Map(inputs.map((value, index) => [network.inputs[index]!.tensor, value]));
  for (const call of network.calls) {
    const { layer, path } = call.layer;
    const callInputs = call.inputs.map((tensor) => values.get(tensor)!);
    const warp = training?.draws.warpOf(call);
    const context: LayerContext = {
      graph,
      input: callInputs[0]!,
      inputs: callInputs,
      parameter: (name) => parameter(layer, name),
      training: training !== undefined,
      frozen: frozen(layer),
      instance: training?.draws.instanceOf(call) ?? call.instance,
      addLoss: (loss) => added.push(loss),
      ...(training === undefined
        ? noDraws
        : {
            drawn: (name) => training.drawn(call, name),
            mixLabels: (mix) => training.mixLabels(call, mix),
          }),
    };
    const apply = (): Value => {
      if (warp === undefined) {
        return layer.apply(context);
      }
      return warp === "given on"
        ? context.input
        : graph.apply("warp2d", [context.input, context.drawn("transforms")], warp)[0]!;
    };
    values.set(call.output, graph.labelled(path, apply));
  }
  return network.outputs.map(({ tensor }) => values.get(tensor)!);
}
