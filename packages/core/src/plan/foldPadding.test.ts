import { describe, expect, it } from "vitest";
import { Experiment } from "../conformance/experiment.js";
import { caseStream, fillTensor } from "../conformance/fill.js";
import { Trial, tensorOf } from "../conformance/trial.js";
import { integers } from "../ops/caseInputs.js";
import type { Shape } from "../ops/definition.js";
import { exact } from "../ops/tolerances.js";
import { reference } from "../reference/index.js";
import type { TensorData } from "../tensor.js";
import { differentiate, foldPadding, type GraphValue } from "./index.js";

interface Setting {
  readonly before?: Shape;
  readonly after?: Shape;
  readonly op?: "conv2d" | "depthwiseConv2d";
  readonly padding?: readonly [number, number, number, number];
  readonly dilation?: readonly [number, number];
  readonly fold?: boolean;
}

/** x -> pad -> convolution with strides 2, with the gradients of both inputs. */
class PaddedConvolution {
  readonly experiment: Experiment = new Experiment({ fused: false });
  readonly x: GraphValue;
  readonly kernel: GraphValue;
  readonly padded: GraphValue;
  readonly output: GraphValue;

  constructor({ before = [0, 1, 2, 0], after = [0, 2, 0, 0], op = "conv2d", fold = true, ...window }: Setting) {
    const { padding = [0, 0, 0, 0], dilation = [1, 1] } = window;
    const { graph } = this.experiment;
    this.x = this.#place("x", [2, 7, 6, 3]);
    this.kernel = this.#place("kernel", op === "conv2d" ? [3, 3, 3, 4] : [3, 3, 3, 2]);
    this.padded = graph.apply("pad", [this.x], { before, after })[0]!;
    this.output = graph.apply(op, [this.padded, this.kernel], { strides: [2, 2], padding, dilation })[0]!;
    if (fold) {
      foldPadding(graph);
    }
  }

  /** The convolution as it stands in the graph. */
  get convolution() {
    return this.experiment.graph.operations.find(({ op }) => op.endsWith("onv2d"))!;
  }

  get folded(): boolean {
    return this.convolution.inputs[0] === this.x;
  }

  /** Output and gradients as the reference computes them. */
  async run(): Promise<TensorData[]> {
    const { experiment, x, kernel, output } = this;
    const seeds = new Map([[output.id, this.#place("seed", output.shape)]]);
    const gradients = differentiate(experiment.graph, { seeds, wanted: [x, kernel] });
    experiment.output("output", output, exact);
    experiment.output("gradient of x", gradients.get(x.id)!, exact);
    experiment.output("gradient of kernel", gradients.get(kernel.id)!, exact);
    const trial = await Trial.open(await reference(), experiment);
    trial.prepare(0xff);
    await trial.run();
    const contents = await trial.contents();
    const outputs = experiment.tensors.filter(({ tolerance }) => tolerance);
    return outputs.map((tensor) => tensorOf(tensor, contents).map((value) => value + 0));
  }

  #place(label: string, shape: Shape): GraphValue {
    const input = integers(shape);
    return this.experiment.input(label, input, () => fillTensor(input, caseStream(`padded ${label}`, 0)));
  }
}

describe("foldPadding", () => {
  it.each<Setting>([
    {},
    { op: "depthwiseConv2d" },
    { padding: [0, 0, 0, 2] },
    { before: [0, 3, 0, 0], dilation: [2, 2] },
  ])("changes no number of %j", async (setting) => {
    const folded = new PaddedConvolution(setting);
    expect(folded.folded).toBe(true);
    expect(await folded.run()).toEqual(await new PaddedConvolution({ ...setting, fold: false }).run());
    expect(folded.experiment.graph.operations.slice(1).map(({ op }) => op)).not.toContain("pad");
  });

  it("adds to the padding that is there", () => {
    const { convolution } = new PaddedConvolution({ padding: [0, 0, 0, 2] });
    expect(convolution.attributes).toMatchObject({ padding: [1, 2, 2, 2] });
  });

  it.each<[string, Setting]>([
    ["cuts off", { before: [0, -1, 0, 0] }],
    ["adds channels", { before: [0, 0, 0, 1], after: [0, 0, 0, -1] }],
    ["adds samples", { before: [1, 0, 0, 0] }],
    ["leaves windows without an image", { before: [0, 3, 0, 0] }],
    ["leaves windows without an image together with the padding", { before: [0, 1, 0, 0], padding: [2, 0, 0, 0] }],
  ])("leaves a pad alone that %s", (_, setting) => {
    expect(new PaddedConvolution(setting).folded).toBe(false);
  });
});
