import { type Layer, layers, type SymbolicTensor } from "@convoy/core";

/**
 * A tensor of a file. Where layers say channels_first, its channels are the first axis of a sample; Convoy's layers want them
 * last. Either form is made from the other when it is first wanted, so that a chain of layers is turned once, where it begins.
 */
export class FileTensorNode {
  #asWritten: SymbolicTensor | undefined;
  #channelsLast: SymbolicTensor | undefined;

  readonly #turn: Turn;

  private constructor(asWritten: SymbolicTensor | undefined, channelsLast: SymbolicTensor | undefined, turn: Turn) {
    this.#asWritten = asWritten;
    this.#channelsLast = channelsLast;
    this.#turn = turn;
  }

  /** A tensor whose axes are in the order of the file. */
  static asWritten(tensor: SymbolicTensor, turn: Turn): FileTensorNode {
    return new FileTensorNode(tensor, undefined, turn);
  }

  /** A tensor whose channels are the first axis in the file and the last one here. */
  static turned(tensor: SymbolicTensor, turn: Turn): FileTensorNode {
    return new FileTensorNode(undefined, tensor, turn);
  }

  /** Number of axes of a sample. */
  get rank(): number {
    return (this.#asWritten ?? this.#channelsLast)!.shape.length;
  }

  /** Whether there is a form with the channels last that need not be made. */
  get isTurned(): boolean {
    return this.#asWritten === undefined;
  }

  /** With the axes of the file. */
  asWritten(): SymbolicTensor {
    if (this.#asWritten === undefined) {
      this.#asWritten = turned(this.#channelsLast!, this.#turn(this.rank, false));
    }
    return this.#asWritten;
  }

  /** With the channels, the first axis in the file, last. */
  channelsLast(): SymbolicTensor {
    if (this.#channelsLast === undefined) {
      this.#channelsLast = turned(this.#asWritten!, this.#turn(this.rank, true));
    }
    return this.#channelsLast;
  }
}

/** Makes a layer that brings the channels of samples of a rank to the end, or from there to the front. */
export type Turn = (rank: number, channelsLast: boolean) => Layer;

/** Layers that turn axes, under names of their own. */
export function makeTurn(): Turn {
  let count = 0;
  return (rank, channelsLast) =>
    layers.permute({
      dims: channelsLast ? [...range(2, rank), 1] : [rank, ...range(1, rank - 1)],
      name: `convoy_channels_${channelsLast ? "last" : "first"}_${count++}`,
    });
}

function turned(tensor: SymbolicTensor, layer: Layer): SymbolicTensor {
  return tensor.shape.length < 2 ? tensor : layer(tensor);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** Classes that treat every number by itself, and so take either form. */
const elementwise = new Set([
  ...["Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "GaussianNoise", "GaussianDropout", "Add", "Subtract"],
  ...["Multiply", "Average", "Maximum", "Minimum", "Rescaling", "ActivityRegularization"],
]);

/** In which form a layer takes its tensors, and whether its output is in the same one. */
export interface LayoutChoice {
  readonly channelsLast: boolean;
  /** Whether the output has channels that are the first axis in the file. */
  readonly givesChannels: boolean;
  /** Options that are others with the channels last. */
  readonly options: Readonly<Record<string, number>>;
}

/** Decides that for a layer of a class with its config in Keras' names. */
export function chooseLayout(
  className: string,
  config: { readonly [name: string]: unknown },
  inputs: readonly FileTensorNode[],
  rank: number,
): LayoutChoice {
  const { data_format: format, axis, activation } = config;
  const asWritten = { channelsLast: false, givesChannels: false, options: {} };
  if (format === "channels_first") {
    const flattens = className === "Flatten" || (className.startsWith("Global") && config.keepdims !== true);
    return { channelsLast: true, givesChannels: !flattens, options: {} };
  }
  const turned = inputs.some((input) => input.isTurned);
  if (className === "BatchNormalization" || className === "GroupNormalization" || className === "Concatenate") {
    const [only] = Array.isArray(axis) ? axis : [axis ?? -1];
    const position = (only as number) < 0 ? rank + 1 + (only as number) : (only as number);
    const needed = className !== "Concatenate" || turned;
    return position === 1 && rank > 1 && needed
      ? { channelsLast: true, givesChannels: true, options: { axis: -1 } }
      : asWritten;
  }
  return turned && elementwise.has(className) && activation !== "softmax"
    ? { channelsLast: true, givesChannels: true, options: {} }
    : asWritten;
}
